import type { BentoTarget } from './peers/drainedByBento.ts'
import type { ConnectTarget } from './peers/drainedByConnect.ts'
import type { DestinationSettings } from './sinkDrainer.ts'

/** A destination that records are drained into. */
export interface DrainedSink extends AsyncDisposable {
  /** Settings of a target that is empty. */
  fresh(round: number): DestinationSettings
  /** Throws unless the target of the round holds all records. */
  verify(round: number, records: number): Promise<void>
  /** The same kind of target for Bento, where it has an output of that kind. */
  bento?(round: number, records: number): BentoTarget
  /** The same kind of target for Kafka Connect, where it has a sink of that kind. */
  connect?(round: number): ConnectTarget
}

export interface DrainedSinkType {
  /** Undefined where it can run here, else what it lacks. */
  readonly lacks?: () => string | undefined
  open(folder: string): Promise<DrainedSink>
}
