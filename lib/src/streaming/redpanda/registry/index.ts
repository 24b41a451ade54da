export { SchemaRegistry, type SchemaRegistryOptions } from './SchemaRegistry.ts'
export { registrySignIn, SchemaRegistryConfig } from './SchemaRegistryConfig.ts'
