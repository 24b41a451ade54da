import type { z } from 'zod'
import type { PoolClient } from '../../database/index.ts'
import type { Logger } from '../../types/index.ts'
import type { Flow } from './Flow.ts'

/** What a step has besides its value. */
export interface StepContext {
  /** The id of the run. */
  readonly run: string
  /** Where the step stands, such as `each coin[3]/store`: with the run, the key of its effects. */
  readonly path: string
  /** 1 at first. */
  readonly attempt: number
  /** Aborted when the time of the step is up, the run is cancelled or the process stops. */
  readonly signal: AbortSignal
  readonly logger: Logger
  /**
   * Does something in the store exactly once, whatever is killed and repeated: what it gives is kept in the same transaction, and a
   * repetition gets that instead of doing it again. The result is kept as JSON.
   * @throws QiError UNSUPPORTED where the runner has no store
   */
  transaction<T>(work: (client: PoolClient) => Promise<T>): Promise<T>
}

export interface StepRetry {
  /** How often it is tried in all. */
  readonly attempts: number
  /** The first wait, which grows exponentially with jitter. Default 500 ms. */
  readonly baseMs?: number
  /** Default 30 s. */
  readonly maxMs?: number
}

export interface StepOptions<I, O> {
  /** Default: it is tried once. Only failures that can pass (`QiError.retryable`) are tried again. */
  readonly retry?: StepRetry
  /** How long one attempt may take. Default 5 minutes. */
  readonly timeoutMs?: number
  /** Undoes what the step did, where a later one failed for good. Runs in reverse order of the steps. */
  readonly compensate?: (input: I, output: O, context: StepContext) => Promise<void> | void
}

export interface ApprovalOptions {
  /** How long a human may take. Default 7 days; then the run fails with TIMEOUT. */
  readonly timeoutMs?: number
}

type Stored = unknown

/** What the values of a flow pass through, in order. */
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

/** A workflow: what it takes, what it gives, and the steps between. Values between steps are plain data: they are kept. */
export interface Workflow<I = unknown, O = unknown> {
  /** Such as `market-analysis`: lower case, with hyphens. */
  readonly name: string
  readonly summary: string
  readonly input: z.ZodType<I>
  readonly output: z.ZodType<O>
  readonly flow: Flow<unknown, unknown>
}
