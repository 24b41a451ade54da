import type { EncodedBatch, Logger, RecordType, Subscription } from '../../../base/types/index.ts'
import type { DeadLetter } from '../deadLetters/letter.ts'
import type { DeliveryKey } from '../delivery.ts'
import type { Attempts } from './Attempts.ts'
import type { Commits } from './Commits.ts'
import type { Intake } from './Intake.ts'
import type { LanePool } from './LanePool.ts'

/** The outcome of one write or seal of a lane. */
export interface LaneOutcome {
  readonly type: RecordType
  readonly batches: readonly EncodedBatch[]
  readonly letters: readonly DeadLetter[]
  readonly written: number
  readonly overwritten: number
  /** By `performance.now()`. */
  readonly started: number
}

/** Dependencies of a lane. */
export interface LaneParts extends DeliveryKey {
  readonly subscription: Subscription
  readonly intake: Intake
  readonly commits: Commits
  readonly attempts: Attempts
  readonly pool: LanePool
  readonly logger: Logger
  /** Aborted when the work under way is given up; it is delivered again. */
  readonly signal: AbortSignal
  /** The record type of a topic. */
  readonly typeOf: (topic: string) => RecordType
  /** The records of a batch that are for this delivery. */
  readonly addressed: (batch: EncodedBatch) => EncodedBatch
  /** Keeps the letters, counts and reports the outcome; resolves when the letters are durable. */
  readonly settled: (outcome: LaneOutcome) => Promise<void>
  /** Adds to the number of records that wait in unsealed segments. */
  readonly collected: (records: number) => void
}
