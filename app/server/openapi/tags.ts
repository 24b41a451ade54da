/** The groups of operations, in the order of the documentation. */
export const TAGS = {
  Prices: 'Latest prices, the market as a whole, and listed instruments.',
  History: 'Stored records of any time range, as JSON, NDJSON, CSV or Parquet.',
  Candles: 'Candles of any length, and unusual ones among them.',
  Indicators: 'Technical indicators, computed from candles.',
  Completeness: 'Stored spans, gaps, and how fresh the data is.',
  Platform: 'Running sources, deliveries and agents, and the store.',
  Tools: 'Tools, their jobs, and the audit log; the only way to change something.',
  Live: 'Records as they arrive.',
  Service: 'For probes, scrapers and generators of clients.',
} as const
export type Tag = keyof typeof TAGS
