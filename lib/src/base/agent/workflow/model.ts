import type { z } from 'zod'
import type { PoolClient } from '../../database/index.ts'
import type { Logger } from '../../types/index.ts'
import type { Flow } from './Flow.ts'

/** The context of a step. */
export interface StepContext {
  /** The id of the run. */
  readonly run: string
  /** Path of the step, such as `each coin[3]/store`; with the run it is the key of its effects. */
  readonly path: string
  /** From 1. */
  readonly attempt: number
  /** Aborted when the time of the step is up, the run is cancelled or the process stops. */
  readonly signal: AbortSignal
  readonly logger: Logger
  /**
   * Changes the store exactly once, even if the process is killed and the step repeated: the result is recorded in the same transaction,
   * as JSON, and a repetition gets it.
   * @throws QiError UNSUPPORTED if the runner has no store
   */
  transaction<T>(work: (client: PoolClient) => Promise<T>): Promise<T>
}

export interface StepRetry {
  /** Attempts in all. */
  readonly attempts: number
  /** The first wait, which grows exponentially with jitter. Default 500 ms. */
  readonly baseMs?: number
  /** Default 30 s. */
  readonly maxMs?: number
}

export interface StepOptions<I, O> {
  /** Default: one attempt. Only retryable errors (`QiError.retryable`) are retried. */
  readonly retry?: StepRetry
  /** Time limit of one attempt, in milliseconds. Default 5 minutes. */
  readonly timeoutMs?: number
  /** Undoes the step if a later one fails for good. Runs in reverse order of the steps. */
  readonly compensate?: (input: I, output: O, context: StepContext) => Promise<void> | void
}

export interface ApprovalOptions {
  /** How long a human may take. Default 7 days; then the run fails with TIMEOUT. */
  readonly timeoutMs?: number
}

type Stored = unknown

/** One node of a flow; values pass through the nodes in order. */
export type FlowNode =
  | {
      readonly kind: 'step'
      readonly name: string
      readonly run: (value: Stored, context: StepContext) => unknown
      readonly options: StepOptions<Stored, Stored>
    }
  | { readonly kind: 'parallel'; readonly name: string; readonly flows: Readonly<Record<string, Flow<Stored, Stored>>> }
  | {
      readonly kind: 'branch'
      readonly name: string
      readonly choose: (value: Stored) => string
      readonly flows: Readonly<Record<string, Flow<Stored, Stored>>>
    }
  | {
      readonly kind: 'each'
      readonly name: string
      readonly items: (value: Stored) => readonly Stored[]
      readonly flow: Flow<Stored, Stored>
      readonly concurrency: number
    }
  | {
      readonly kind: 'repeat'
      readonly name: string
      readonly flow: Flow<Stored, Stored>
      readonly until: (value: Stored) => boolean
      readonly most: number
    }
  | { readonly kind: 'wait'; readonly name: string; readonly ms: (value: Stored) => number }
  | {
      readonly kind: 'approval'
      readonly name: string
      readonly question: (value: Stored) => string
      readonly options: ApprovalOptions
    }

/** A workflow: input, output and steps. Values between steps are recorded, so they must be plain data. */
export interface Workflow<I = unknown, O = unknown> {
  /** Such as `market-analysis`: lower case, with hyphens. */
  readonly name: string
  readonly summary: string
  readonly input: z.ZodType<I>
  readonly output: z.ZodType<O>
  readonly flow: Flow<unknown, unknown>
}
