import type { Decision } from './journal.ts'
import type { Workflow } from './model.ts'

/** `waiting`: for a human. `stranded`: begun by a version of this program with other steps, of which none runs. */
export type RunState = 'running' | 'waiting' | 'stranded' | 'succeeded' | 'failed' | 'cancelled'

export interface RunStatus {
  readonly id: string
  readonly workflow: string
  readonly state: RunState
  /** Milliseconds since 1970. */
  readonly startedAt: number
  readonly endedAt?: number
  /** What it waits for, each to be answered. */
  readonly questions: readonly { readonly step: string; readonly question: string }[]
  readonly error?: string
  /** Steps finished. */
  readonly steps: readonly string[]
}

export interface RunOptions {
  /** Of a run that was started before under the same id, this gives that run, and starts none. Default: a new one. */
  readonly id?: string
}

export interface Run<O> {
  readonly id: string
  /** What it gave. @throws QiError of the step that failed, CANCELLED, CLOSED where the runner was closed before */
  readonly result: Promise<O>
}

/** Carries workflows out. One suite holds both kinds to it. */
export interface WorkflowRunner extends AsyncDisposable {
  /** Whether runs live through the end of the process. */
  readonly durable: boolean
  /** @throws QiError BAD_REQUEST naming the field of the input, NOT_FOUND for a workflow that it was not made with */
  start<I, O>(workflow: Workflow<I, O>, input: I, options?: RunOptions): Promise<Run<O>>
  status(id: string): Promise<RunStatus | undefined>
  /** Newest first. */
  list(options?: { readonly limit?: number; readonly workflow?: string }): Promise<readonly RunStatus[]>
  /**
   * A human's answer to a question of a run.
   * @param step which question, where it asks several
   * @throws QiError NOT_FOUND, CONFLICT where it asks nothing, or several things and no step is named
   */
  decide(id: string, decision: Decision, step?: string): Promise<void>
  /** Ends it before its next step; what was done stays done. @throws QiError NOT_FOUND */
  cancel(id: string): Promise<void>
  /** Ends what runs here; of a durable runner, another process or the next start goes on with it. */
  close(): Promise<void>
}
