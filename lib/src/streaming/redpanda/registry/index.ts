export { SchemaRegistry, type SchemaRegistryOptions } from './SchemaRegistry.ts'
export { SchemaRegistryConfig } from './SchemaRegistryConfig.ts'
