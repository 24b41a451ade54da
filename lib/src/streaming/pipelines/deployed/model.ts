import type { RecordName } from '../../../base/index.ts'

export type PipelineState = 'running' | 'stopped'

/** One text that was deployed. Times are milliseconds since 1970. */
export interface PipelineVersion {
  readonly name: string
  readonly version: number
  readonly text: string
  readonly sha256: string
  readonly deployedAt: number
  readonly deployedBy: string
}

/** A pipeline with the version that runs, or would if it were not stopped. */
export interface DeployedPipeline extends PipelineVersion {
  readonly state: PipelineState
}

export const PIPELINE_EVENTS = ['deployed', 'rolled_back', 'stopped', 'resumed', 'deleted'] as const

export interface PipelineEvent {
  readonly at: number
  readonly event: (typeof PIPELINE_EVENTS)[number]
  readonly version?: number
  /** Of `resumed`: the one output that was to try again. */
  readonly output?: string
  readonly by: string
}

export interface PipelineDraft {
  readonly name: string
  /** Counts the savings of this draft; a saving names the one that it replaces. */
  readonly revision: number
  readonly text: string
  readonly savedAt: number
  readonly savedBy: string
}

/** A wish that what is parked tries again. Ids grow. */
export interface Resumption {
  readonly id: bigint
  readonly name: string
  /** Absent: every output of the pipeline. */
  readonly output?: string
}

/** All that a running platform follows, read in one moment. */
export interface PipelineSnapshot {
  readonly pipelines: readonly DeployedPipeline[]
  /** Topics that pipelines write or wrote, with their record types. */
  readonly topics: readonly (readonly [topic: string, record: RecordName])[]
  readonly resumptions: readonly Resumption[]
}

/** The outcome of a deploy or rollback. */
export interface DeployOutcome {
  readonly version: number
  /** False: this text runs already, and nothing was done. */
  readonly changed: boolean
}
