export { framed, frameOf } from './frame.ts'
export * from './murmur2.ts'
export * from './recordReader.ts'
export * from './recordWriter.ts'
