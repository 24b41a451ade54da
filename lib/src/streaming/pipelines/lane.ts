import type { EncodedBatch, Logger, RecordType, Subscription } from '../../base/index.ts'
import type { Attempts } from './Attempts.ts'
import type { Commits } from './commits.ts'
import type { DeadLetter } from './deadLetter.ts'
import type { DeliveryKey } from './delivery.ts'
import type { Intake } from './intake.ts'
import type { Lanes } from './lanes.ts'

/** Outcome of one write or seal of a lane. */
export interface Settled {
  readonly type: RecordType
  readonly batches: readonly EncodedBatch[]
  readonly letters: readonly DeadLetter[]
  readonly written: number
  readonly overwritten: number
  /** Of `performance.now()`. */
  readonly started: number
}

/** Dependencies of a lane. */
export interface LaneParts extends DeliveryKey {
  readonly subscription: Subscription
  readonly intake: Intake
  readonly commits: Commits
  readonly attempts: Attempts
  readonly lanes: Lanes
  readonly logger: Logger
  /** Aborted when what is under way is given up; it is delivered again. */
  readonly signal: AbortSignal
  /** The type of the records of a topic, and those of a batch that are for this delivery. */
  readonly typeOf: (topic: string) => RecordType
  readonly addressed: (batch: EncodedBatch) => EncodedBatch
  /** Puts letters, and tells of what was settled. */
  readonly settled: (settled: Settled) => Promise<void>
  /** Tells how many records more are held in segments that are not sealed. */
  readonly collected: (records: number) => void
}
