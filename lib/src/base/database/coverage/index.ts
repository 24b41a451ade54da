export { Coverage, type CoverageQuery, type CoverageReads, type FoundCoverage, type Settlement } from './Coverage.ts'
export type { CoverageSession } from './sessions.ts'
