import type { PoolClient } from '../../database/index.ts'
import type { QiError } from '../../types/index.ts'

/** A human's answer. */
export interface Decision {
  readonly approved: boolean
  readonly by?: string
  readonly note?: string
}

/** A part of the run of its own: flows one after another, beside other lanes. */
export interface Lane {
  /** Where the flow stands in the workflow, as names of nodes and cases. */
  readonly flow: readonly string[]
  readonly jobs: readonly { readonly path: string; readonly value: unknown }[]
}

/** A step that was done and can be undone. */
export interface Done {
  readonly path: string
  /** Where its node stands in the workflow. */
  readonly node: readonly string[]
  readonly input: unknown
  readonly output: unknown
}

export interface LaneResult {
  /** One for each job that was finished. */
  readonly outputs: readonly unknown[]
  readonly done: readonly Done[]
  /** Why the rest were not. */
  readonly failure?: Failure
}

/** An error as it is kept. */
export type Failure = Pick<QiError, 'code' | 'message' | 'retryable' | 'retryAfterMs' | 'field'>

/** What keeps how far a run has come. One that lives through a kill gives what is kept and does nothing twice. */
export interface Journal {
  readonly run: string
  /** Cancelled or closed: nothing more is done, nor undone. */
  readonly ended: boolean
  /** Does the work, or gives what it gave before. */
  record<T>(path: string, work: (signal: AbortSignal) => Promise<T>): Promise<T>
  sleep(path: string, ms: number): Promise<void>
  /** @throws QiError TIMEOUT */
  ask(path: string, question: string, timeoutMs: number): Promise<Decision>
  /** Runs lanes at once. Never throws for a failure of a lane. */
  fork(path: string, lanes: readonly Lane[]): Promise<readonly LaneResult[]>
  /** See StepContext. @param key the effect, within the run */
  transaction<T>(key: string, work: (client: PoolClient) => Promise<T>): Promise<T>
}
