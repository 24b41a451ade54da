import type { PoolClient } from '../../database/index.ts'
import type { QiError } from '../../types/index.ts'

/** A human's answer. */
export interface Decision {
  readonly approved: boolean
  readonly by?: string
  readonly note?: string
}

/** A part of a run that works beside other lanes: flows one after another. */
export interface Lane {
  /** Path of the flow in the workflow, as names of nodes and cases. */
  readonly flow: readonly string[]
  readonly jobs: readonly { readonly path: string; readonly value: unknown }[]
}

/** A finished step that can be compensated. */
export interface Done {
  readonly path: string
  /** Path of its node in the workflow. */
  readonly node: readonly string[]
  readonly input: unknown
  readonly output: unknown
}

export interface LaneResult {
  /** One for each finished job. */
  readonly outputs: readonly unknown[]
  readonly done: readonly Done[]
  /** The error that stopped the rest. */
  readonly failure?: Failure
}

/** An error as it is stored. */
export type Failure = Pick<QiError, 'code' | 'message' | 'retryable' | 'retryAfterMs' | 'field'>

/** Records the progress of a run. A durable journal returns recorded results after a kill instead of repeating the work. */
export interface Journal {
  readonly run: string
  /** True once the run is cancelled or closed: no further step, no compensation. */
  readonly ended: boolean
  /** Runs the work and records its result, or returns the recorded result. */
  record<T>(path: string, work: (signal: AbortSignal) => Promise<T>): Promise<T>
  sleep(path: string, ms: number): Promise<void>
  /** @throws QiError TIMEOUT */
  ask(path: string, question: string, timeoutMs: number): Promise<Decision>
  /** Runs lanes at once. Never throws for a failure of a lane. */
  fork(path: string, lanes: readonly Lane[]): Promise<readonly LaneResult[]>
  /** See StepContext. @param key the effect, within the run */
  transaction<T>(key: string, work: (client: PoolClient) => Promise<T>): Promise<T>
}
