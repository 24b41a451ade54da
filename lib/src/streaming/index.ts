export * from './embedded/index.ts'
export * from './pipelines/index.ts'
export * from './redpanda/index.ts'
