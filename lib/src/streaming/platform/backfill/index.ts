export type {
  BackfillFailure,
  BackfillProgress,
  BackfillRequest,
  BackfillResult,
  BackfillTask,
} from '../../../base/types/index.ts'
export { Backfill, type BackfillHost } from './Backfill.ts'
export { canFill, historyOffers, type Offers } from './offers.ts'
export { type BackfillOptions, openBackfill } from './openBackfill.ts'
