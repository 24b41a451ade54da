import type { Decision } from './journal.ts'
import type { Workflow } from './model.ts'

/** `waiting`: for a human. `stranded`: started by a version with other steps, of which no process is alive. */
export type RunState = 'running' | 'waiting' | 'stranded' | 'succeeded' | 'failed' | 'cancelled'

export interface RunStatus {
  readonly id: string
  readonly workflow: string
  readonly state: RunState
  /** Milliseconds since 1970. */
  readonly startedAt: number
  readonly endedAt?: number
  /** Open questions. */
  readonly questions: readonly { readonly step: string; readonly question: string }[]
  readonly error?: string
  /** Steps finished. */
  readonly steps: readonly string[]
}

export interface RunOptions {
  /** If a run with this id exists, it is returned and none is started. Default: a new id. */
  readonly id?: string
}

export interface Run<O> {
  readonly id: string
  /** The result. @throws QiError of the failed step, CANCELLED, CLOSED if the runner was closed before */
  readonly result: Promise<O>
}

/** Runs workflows, in memory or durably. One test suite checks both kinds. */
export interface WorkflowRunner extends AsyncDisposable {
  /** True if runs survive the end of the process. */
  readonly durable: boolean
  /** @throws QiError BAD_REQUEST naming the field of the input, NOT_FOUND for a workflow that it does not know */
  start<I, O>(workflow: Workflow<I, O>, input: I, options?: RunOptions): Promise<Run<O>>
  status(id: string): Promise<RunStatus | undefined>
  /** Newest first. */
  list(options?: { readonly limit?: number; readonly workflow?: string }): Promise<readonly RunStatus[]>
  /**
   * Answers a question of a run.
   * @param step of the question; needed if several are open
   * @throws QiError NOT_FOUND; CONFLICT if no question is open, or several and no step is given
   */
  decide(id: string, decision: Decision, step?: string): Promise<void>
  /** Ends a run before its next step; finished steps are not compensated. @throws QiError NOT_FOUND */
  cancel(id: string): Promise<void>
  /** Stops the runs of this process. Durable ones resume in another process or at the next start. */
  close(): Promise<void>
}
