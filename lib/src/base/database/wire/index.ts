export { anomaliesWire, bucketedWire, dataHealthWire, indicatorWire } from './analysis.ts'
export { candlesWire, candleWire, foundWire, latestPriceWire, pricesWire, summaryWire } from './market.ts'
export { seriesWire } from './series.ts'
export { storeWire } from './store.ts'
