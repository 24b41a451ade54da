export type { AbandonedGroup } from './abandoned.ts'
export { type EmbeddedStreamConfig, embeddedStreamConfig } from './config.ts'
export { EmbeddedStream } from './EmbeddedStream.ts'
export { type EmbeddedStreamOptions, openEmbeddedStream } from './open.ts'
