export { openRedpanda } from './openRedpanda.ts'
export type { RedpandaClient, RedpandaOptions } from './RedpandaClient.ts'
export { type BrokerAddress, parseBroker, parseRedpandaConfig, RedpandaConfig } from './RedpandaConfig.ts'
export { registrySignIn, SchemaRegistry, SchemaRegistryConfig, type SchemaRegistryOptions } from './registry/index.ts'
