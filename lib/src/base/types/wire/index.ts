export * from './murmur2.ts'
export * from './recordReader.ts'
export * from './recordWriter.ts'
