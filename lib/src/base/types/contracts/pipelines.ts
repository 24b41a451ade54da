import type { RecordName } from '../records/index.ts'

/**
 * `deployed`: a declaration in the store. `built-in`: a consumer of the configuration, into the store. `implicit`: a destination whose
 * settings name records.
 */
export type PipelineKind = 'deployed' | 'built-in' | 'implicit'

export interface PipelineOutputInfo {
  /** A destination, or `topic.` and the name of a topic. */
  readonly name: string
  readonly kind: 'destination' | 'topic'
  /** Its consumer group. */
  readonly group: string
  readonly reads: readonly string[]
}

export interface PipelineInfo {
  readonly name: string
  readonly kind: PipelineKind
  /** `running`: every process that can runs it. */
  readonly state: 'running' | 'stopped'
  readonly description?: string
  /** Where it is declared, such as `consumers in qicore.yaml`. */
  readonly place: string
  readonly reads: readonly string[]
  readonly outputs: readonly PipelineOutputInfo[]
  /** Of a deployed one. Times are milliseconds since 1970. */
  readonly version?: number
  readonly deployedAt?: number
  readonly deployedBy?: string
  /** Why it, or a part of it, cannot run with this configuration. */
  readonly problems: readonly string[]
}

/** A pipeline and the text of one version. */
export interface PipelineText extends PipelineInfo {
  /** Absent where it has none: a built-in or implicit one. */
  readonly text?: string
  readonly sha256?: string
}

/** One problem of a declaration with its place. Lines and columns count from 1. */
export interface PipelineProblem {
  /** The file, or another name of the text, as the caller gave it. */
  readonly file: string
  readonly line: number
  readonly column: number
  /** Path in the document, such as `to[0].destination`; empty for the document as a whole. */
  readonly field: string
  /** The value as JSON, cut where it is long; absent where there is none. */
  readonly value?: string
  readonly problem: string
  readonly remedy: string
}

export interface PipelineCheck {
  /** Absent where the text does not tell it. */
  readonly name?: string
  readonly problems: readonly PipelineProblem[]
  /** The version that runs now, which a deploy of the text would replace; 0: none. */
  readonly replaces: number
  /** False: this very text runs already. */
  readonly changes: boolean
  readonly reads: readonly string[]
  readonly outputs: readonly PipelineOutputInfo[]
  /** Topics that it writes, with their record types. */
  readonly writes: readonly { readonly topic: string; readonly record: RecordName }[]
}

export interface PipelineDeployed {
  readonly name: string
  readonly version: number
  /** False: this text ran already. */
  readonly changed: boolean
  /** A stopped pipeline stays stopped. */
  readonly state: 'running' | 'stopped'
}

export interface PipelineHistoryEvent {
  readonly at: number
  readonly event: 'deployed' | 'rolled_back' | 'stopped' | 'resumed' | 'deleted'
  readonly version?: number
  /** Of `resumed`: the one output. */
  readonly output?: string
  readonly by: string
}

export interface PipelineDraftInfo {
  readonly name: string
  readonly revision: number
  readonly text: string
  readonly savedAt: number
  readonly savedBy: string
}

/** A text that is checked or deployed. */
export interface PipelineSource {
  readonly text: string
  /** Its name in problems; default `text`. */
  readonly file?: string
  /** The pipeline's name where the text has none. */
  readonly name?: string | undefined
}

/** Operations on pipelines. Pipelines lie in the store, so every process of a cluster follows; no running platform is needed. */
export interface PipelineControl {
  /** All of them, by name. */
  list(): Promise<readonly PipelineInfo[]>
  /** Everything that is wrong with a text; deploys nothing. */
  check(source: PipelineSource): Promise<PipelineCheck>
  /** The version that runs, or another. @throws QiError NOT_FOUND */
  show(name: string, version?: number): Promise<PipelineText>
  /**
   * Makes a text the version that runs, in every process.
   * @param replaces the version that runs now; 0: none
   * @throws QiError BAD_REQUEST with every problem on a line of its own, CONFLICT where another version runs by now
   */
  deploy(source: PipelineSource, options: { readonly replaces: number; readonly by: string }): Promise<PipelineDeployed>
  /** Makes an earlier version the one that runs. @throws QiError as {@link deploy}, NOT_FOUND */
  rollback(name: string, version: number, options: { readonly replaces: number; readonly by: string }): Promise<PipelineDeployed>
  /** Nothing more is brought anywhere, in any process; its groups stay where they are. False: it was stopped. @throws QiError NOT_FOUND */
  stop(name: string, by: string): Promise<boolean>
  /**
   * Starts a stopped pipeline, and has its parked deliveries try again: all of them, or the one into a destination.
   * @throws QiError NOT_FOUND
   */
  resume(name: string, destination: string | undefined, by: string): Promise<void>
  /** Deletes a pipeline with its versions and consumer groups. @throws QiError NOT_FOUND; CONFLICT where another reads what it writes */
  delete(name: string, by: string): Promise<void>
  /** Newest first. @throws QiError NOT_FOUND for a name that never was deployed */
  history(name: string, limit: number): Promise<readonly PipelineHistoryEvent[]>
  drafts(): Promise<readonly PipelineDraftInfo[]>
  /** @throws QiError NOT_FOUND */
  draft(name: string): Promise<PipelineDraftInfo>
  /** @param options.replaces the revision that this one replaces; 0: none. @throws QiError BAD_REQUEST, CONFLICT */
  saveDraft(name: string, text: string, options: { readonly replaces: number; readonly by: string }): Promise<PipelineDraftInfo>
  /** @throws QiError NOT_FOUND */
  discardDraft(name: string): Promise<void>
}
