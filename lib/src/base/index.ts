export * from './agent/index.ts'
export * from './database/index.ts'
export * from './networking/index.ts'
export * from './types/index.ts'
