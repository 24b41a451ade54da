export { consumerAgents } from './agents/index.gen.ts'
export { AnalyticsConsumer, CryptoDataConsumer, consumers, OHLCVConsumer, PriceConsumer } from './consumers.ts'
export { type ConsumerDefinition, defineConsumer } from './defineConsumer.ts'
export { sinkDefinitions } from './sinks/index.gen.ts'
