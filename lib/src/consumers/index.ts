export { consumerAgents } from './agents/index.gen.ts'
export {
  AnalyticsConsumer,
  type ConsumerDefinition,
  CryptoDataConsumer,
  consumers,
  OHLCVConsumer,
  PriceConsumer,
} from './consumers.ts'
export { sinkDefinitions } from './sinks/index.gen.ts'
