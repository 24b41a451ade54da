import type { RecordName } from '../../../base/types/index.ts'

export type PipelineState = 'running' | 'stopped'

/** One deployed text. Times are milliseconds since 1970. */
export interface PipelineVersion {
  readonly name: string
  readonly version: number
  readonly text: string
  readonly sha256: string
  readonly deployedAt: number
  readonly deployedBy: string
}

/** A pipeline with its current version, which runs unless the state is `stopped`. */
export interface DeployedPipeline extends PipelineVersion {
  readonly state: PipelineState
}

export const PIPELINE_EVENTS = ['deployed', 'rolled_back', 'stopped', 'resumed', 'deleted'] as const

export interface PipelineEvent {
  readonly at: number
  readonly event: (typeof PIPELINE_EVENTS)[number]
  readonly version?: number
  /** Of `resumed`: the one output; absent for all. */
  readonly output?: string
  readonly by: string
}

export interface PipelineDraft {
  readonly name: string
  /** Counts the saves of this draft; a save names the revision that it replaces. */
  readonly revision: number
  readonly text: string
  readonly savedAt: number
  readonly savedBy: string
}

/** A request to resume parked deliveries. Later requests have greater ids. */
export interface Resumption {
  readonly id: bigint
  readonly name: string
  /** Absent: every output of the pipeline. */
  readonly output?: string
}

/** The state that a running platform follows. */
export interface PipelineSnapshot {
  readonly pipelines: readonly DeployedPipeline[]
  /** Topics that pipelines write or wrote, with their record types. */
  readonly topics: readonly (readonly [topic: string, record: RecordName])[]
  readonly resumptions: readonly Resumption[]
}

/** The outcome of a deploy or rollback. */
export interface DeployOutcome {
  readonly version: number
  /** False where this text ran already. */
  readonly changed: boolean
}
