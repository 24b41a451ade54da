export { anomaliesWire, bucketedWire, dataHealthWire, indicatorWire } from './analysis.ts'
export { candlesWire, candleWire, pricesWire, summaryWire } from './market.ts'
export { seriesWire } from './series.ts'
export { storeWire } from './store.ts'
