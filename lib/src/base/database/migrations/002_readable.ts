/** Cheap test for a finite numeric: `scale` of NaN and of an infinity is null. Null passes; NOT NULL is declared elsewhere. */
const finite = (column: string): string => `(${column} is null or scale(${column}) is not null)`
/** Times that fit a number in microseconds exactly; this excludes the infinities. */
const readableTime = (column: string): string =>
  `${column} >= '0001-01-01 00:00:00+00' and ${column} <= '2255-06-05 23:47:34.740991+00'`

/** One constraint per table, so that a row costs one evaluation. `not valid`: existing rows do not stop the migration. */
export const refusing = (table: string, numerics: readonly string[], others: readonly string[] = []): string =>
  `alter table ${table} add constraint ${table}_readable check (${[
    readableTime('time'),
    readableTime('received_at'),
    ...numerics.map(finite),
    ...others,
  ].join(' and ')}) not valid;`

/** Adds the sequence of trades, and constraints that refuse values no reader could read. */
export const readable = `
alter table trades add column sequence bigint;

${refusing('crypto_prices', ['price', 'market_cap', 'volume_24h', 'change_24h_pct'])}
${refusing('ohlcv_data', ['open', 'high', 'low', 'close', 'volume'])}
${refusing('trades', ['price', 'amount'])}
${refusing('quotes', ['bid', 'bid_size', 'ask', 'ask_size'])}
${refusing('market_analytics', ['total_market_cap', 'total_volume_24h', 'btc_dominance', 'eth_dominance', 'change_24h_pct'])}
${refusing('trending', ['score', 'price'])}
${refusing('indicators', [], ["value > '-infinity' and value < 'infinity'"])}
${refusing('currencies', [])}
${refusing('exchanges', [])}
${refusing('trading_pairs', ['tick_size', 'lot_size'])}
`
