export * from './types/index.ts'
export * from './database/index.ts'
export * from './networking/index.ts'
