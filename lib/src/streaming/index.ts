export * from './redpanda/index.ts'
