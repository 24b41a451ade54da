export { Coverage, type CoverageQuery, type CoverageReads, type FoundCoverage, type Settlement } from './Coverage.ts'
export { type CalendarUse, calendarsInUse } from './calendarUse.ts'
export type { CoverageSession } from './sessions.ts'
