export * from './types/index.ts'
export * from './database/index.ts'
