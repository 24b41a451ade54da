export { Backfill, type BackfillOptions, type RunOptions } from './Backfill.ts'
export type { BackfillFailure, BackfillProgress, BackfillRequest, BackfillResult, BackfillTask } from './model.ts'
export { canFill, historyOffers } from './offers.ts'
