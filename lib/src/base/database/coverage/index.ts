export { Coverage, type CoverageQuery, type CoverageReads, type FoundCoverage, type Settlement } from './Coverage.ts'
export * from './model.ts'
export type { CoverageSession } from './sessions.ts'
