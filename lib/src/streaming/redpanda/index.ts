export { openRedpanda, type RedpandaOptions } from './RedpandaClient.ts'
export { type BrokerAddress, parseBroker, parseRedpandaConfig, RedpandaConfig } from './RedpandaConfig.ts'
export { SchemaRegistry, SchemaRegistryConfig, type SchemaRegistryOptions } from './registry/index.ts'
