import { EventEmitter } from 'node:events'
import { BulkheadRejectedError, bulkhead, type IPolicy } from 'cockatiel'
import { abortable, throwIfAborted } from '../networking/index.ts'
import { countOf, type Logger, QiError, silentLogger, suggest, toQiError } from '../types/index.ts'
import { AgentCounters, type AgentMetrics } from './counters.ts'
import { type Schedule, Schedules } from './schedule.ts'
import type { Run, Workflow, WorkflowRunner } from './workflow/index.ts'

/** `error`: the agent could not start, or its last task failed and nothing runs. */
export type AgentState = 'initializing' | 'idle' | 'working' | 'error' | 'stopped'

export interface AgentOptions {
  readonly name: string
  readonly logger?: Logger
  /** Tasks that run at once. Default 2. */
  readonly concurrency?: number
  /** Tasks that may queue; one more is refused with RATE_LIMITED. Default 100. */
  readonly maxQueued?: number
  /** Time limit of a task in milliseconds, waiting for a human included. Default: the sum of its steps' limits. */
  readonly taskTimeoutMs?: number
}

export interface TaskOptions {
  readonly signal?: AbortSignal
  /** Default: that of the agent. */
  readonly timeoutMs?: number
  /** See RunOptions. */
  readonly id?: string
}

export interface AgentStatus {
  readonly name: string
  readonly state: AgentState
  /** Milliseconds since 1970. */
  readonly since: number
  readonly running: readonly { readonly id: string; readonly workflow: string; readonly since: number }[]
  readonly queued: number
  readonly workflows: readonly string[]
  readonly schedules: readonly { readonly cron: string; readonly workflow: string; readonly next?: number }[]
  readonly lastError?: string
}

export interface AgentHealth {
  readonly ok: boolean
  readonly summary: string
}

export interface AgentEvents {
  state: [AgentState]
  task: [
    {
      readonly id: string
      readonly workflow: string
      readonly state: 'started' | 'succeeded' | 'failed'
      readonly error?: QiError
    },
  ]
}

/**
 * QiAgent: a lifecycle around typed workflows. `Agent = QiAgent + DSL + MCPWrapper`: a subclass adds the verbs of its domain and
 * workflows made of them.
 */
export abstract class BaseAgent implements AsyncDisposable {
  readonly name: string
  /** By the names that callers use; `main` is the default. */
  abstract readonly workflows: Readonly<Record<string, Workflow>>
  readonly events: EventEmitter<AgentEvents> = new EventEmitter()
  protected readonly logger: Logger
  readonly #options: Required<Pick<AgentOptions, 'concurrency' | 'maxQueued'>> & Pick<AgentOptions, 'taskTimeoutMs'>
  readonly #places: IPolicy
  readonly #running = new Map<string, { readonly workflow: string; readonly since: number }>()
  readonly #counters: AgentCounters
  readonly #stopped = new AbortController()
  #queued = 0
  #state: AgentState = 'initializing'
  #since = Date.now()
  #lastError: QiError | undefined
  #runner: WorkflowRunner | undefined
  #schedules: Schedules | undefined
  #attending: Promise<void> | undefined
  #attendFailed: QiError | undefined

  constructor({ name, logger = silentLogger, concurrency = 2, maxQueued = 100, taskTimeoutMs }: AgentOptions) {
    this.name = name
    this.logger = logger.child({ agent: name })
    this.#counters = new AgentCounters(name)
    this.#options = { concurrency, maxQueued, ...(taskTimeoutMs !== undefined && { taskTimeoutMs }) }
    this.#places = bulkhead(concurrency, maxQueued)
  }

  /** Override for work at fixed times. */
  get schedules(): readonly Schedule[] {
    return []
  }

  /** Override to check or open what the agent needs. An error keeps it from starting and is reported by health(). */
  protected async prepare(_signal: AbortSignal): Promise<void> {}

  /** Override for a background loop. Runs from a scheduled start until `signal` aborts; an error ends it and is reported by health(). */
  protected async attend(_signal: AbortSignal): Promise<void> {}

  /** Override to free the agent's own resources in stop(). */
  protected async release(): Promise<void> {}

  /** Override for a health check of the agent's own. */
  protected async examine(): Promise<AgentHealth> {
    return { ok: true, summary: `${this.#state}, ${countOf(this.#running.size, 'task')} running` }
  }

  /**
   * @param scheduled true if schedules and the background loop run too. Default true
   * @throws QiError the error of prepare(); CONFLICT if it was started before
   */
  async start(runner: WorkflowRunner, { scheduled = true }: { readonly scheduled?: boolean } = {}): Promise<void> {
    if (this.#runner) throw new QiError('CONFLICT', `${this.name} was started before; create a new agent`)
    this.#runner = runner
    try {
      await this.prepare(this.#stopped.signal)
    } catch (error) {
      this.#fail(toQiError(error))
      throw toQiError(error)
    }
    if (scheduled) this.#schedules = new Schedules(this.schedules, (schedule, at) => this.#onSchedule(schedule, at), this.logger)
    this.#enter('idle')
    if (scheduled) this.#attending = this.#attend()
  }

  /** Ends its tasks. Durable runs resume at the next start. */
  async stop(): Promise<void> {
    if (this.#state === 'stopped') return
    this.#schedules?.stop()
    this.#stopped.abort(new QiError('CLOSED', `${this.name} was stopped`))
    await this.#attending
    await this.release()
    this.#enter('stopped')
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  /**
   * Starts a task as soon as fewer than `concurrency` run, and returns its run. A durable run that this process leaves unfinished
   * resumes without its agent.
   * @param name of one of its workflows
   * @throws QiError NOT_FOUND, BAD_REQUEST naming the field of the input, RATE_LIMITED if the queue is full, CLOSED, CANCELLED
   */
  async submit(name: string, input: unknown, options: TaskOptions = {}): Promise<Run<unknown>> {
    const runner = this.#working()
    const workflow = this.workflowNamed(name)
    const started = Promise.withResolvers<Run<unknown>>()
    const ended = this.#places.execute(async () => {
      this.#queued--
      try {
        throwIfAborted(this.#signalOf(options))
        const run = await runner.start(workflow, input, options.id === undefined ? {} : { id: options.id })
        const result = this.#follow(run, workflow.name, options)
        started.resolve({ id: run.id, result })
        await result.catch(() => {})
      } catch (error) {
        started.reject(error)
      }
    })
    this.#queued++
    ended.catch((error: unknown) => {
      this.#queued--
      const full = error instanceof BulkheadRejectedError
      const { concurrency, maxQueued } = this.#options
      started.reject(
        full
          ? new QiError(
              'RATE_LIMITED',
              `${this.name}: ${countOf(concurrency, 'task runs', 'tasks run')} and ${countOf(maxQueued, 'waits', 'wait')}; try again when some have ended`,
              { retryAfterMs: 1000 },
            )
          : error,
      )
    })
    return abortable(started.promise, this.#signalOf(options))
  }

  /** @throws QiError NOT_FOUND */
  workflowNamed(name: string): Workflow {
    const workflow = this.workflows[name] ?? Object.values(this.workflows).find((one) => one.name === name)
    if (!workflow) {
      const known = Object.keys(this.workflows)
      throw new QiError('NOT_FOUND', `${this.name} has no workflow "${name}"; it has ${known.join(', ')}${suggest(name, known)}`)
    }
    return workflow
  }

  status(): AgentStatus {
    return {
      name: this.name,
      state: this.#state,
      since: this.#since,
      running: [...this.#running].map(([id, task]) => ({ id, ...task })),
      queued: this.#queued,
      workflows: Object.keys(this.workflows),
      schedules: this.#schedules?.next() ?? this.schedules.map(({ cron, workflow }) => ({ cron, workflow })),
      ...(this.#lastError && { lastError: this.#lastError.message }),
    }
  }

  async health(): Promise<AgentHealth> {
    if (this.#state === 'error') return { ok: false, summary: this.#lastError?.message ?? 'failed' }
    if (this.#state !== 'idle' && this.#state !== 'working') return { ok: false, summary: this.#state }
    if (this.#attendFailed) return { ok: false, summary: this.#attendFailed.message }
    return this.examine().catch((error: unknown) => ({ ok: false, summary: toQiError(error).message }))
  }

  metrics(): AgentMetrics {
    return this.#counters.read(this.#queued)
  }

  async #follow(run: Run<unknown>, workflow: string, options: TaskOptions): Promise<unknown> {
    const begun = performance.now()
    this.#running.set(run.id, { workflow, since: Date.now() })
    this.#enter('working')
    this.#counters.started(workflow)
    this.events.emit('task', { id: run.id, workflow, state: 'started' })
    const signal = this.#signalOf(options)
    const timeoutMs = options.timeoutMs ?? this.#options.taskTimeoutMs
    const limited = timeoutMs === undefined ? signal : AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
    try {
      const result = await abortable(run.result, limited)
      this.#counters.ended(workflow, 'succeeded', performance.now() - begun)
      this.#lastError = undefined
      this.events.emit('task', { id: run.id, workflow, state: 'succeeded' })
      return result
    } catch (thrown) {
      const error = toQiError(thrown)
      if (limited.aborted && !this.#stopped.signal.aborted) await this.#runner?.cancel(run.id).catch(() => {})
      const late = error.code === 'TIMEOUT' && limited.aborted
      this.#counters.ended(
        workflow,
        error.code === 'CANCELLED' || error.code === 'CLOSED' ? 'cancelled' : 'failed',
        performance.now() - begun,
      )
      this.#lastError = error
      this.events.emit('task', { id: run.id, workflow, state: 'failed', error })
      throw late
        ? new QiError('TIMEOUT', `${this.name}: ${workflow} was not done within ${timeoutMs} ms and was cancelled`)
        : error
    } finally {
      this.#running.delete(run.id)
      if (this.#running.size === 0 && this.#state === 'working') this.#enter(this.#lastError ? 'error' : 'idle')
    }
  }

  async #onSchedule({ workflow, input = {} }: Schedule, at: Date): Promise<void> {
    try {
      // Every process uses the same id: the first one runs it, the others get its result.
      const run = await this.submit(workflow, input, { id: `${this.name}.${workflow}@${at.toISOString()}` })
      await run.result
    } catch (error) {
      if (!this.#stopped.signal.aborted) this.logger.warn({ workflow, err: toQiError(error) }, 'a scheduled task failed')
    }
  }

  async #attend(): Promise<void> {
    const { signal } = this.#stopped
    try {
      await this.attend(signal)
    } catch (thrown) {
      if (signal.aborted) return
      this.#attendFailed = toQiError(thrown)
      this.logger.error({ err: this.#attendFailed }, 'the background loop of the agent has ended')
    }
  }

  #working(): WorkflowRunner {
    if (this.#state === 'stopped') throw new QiError('CLOSED', `${this.name} is stopped`)
    if (!this.#runner || this.#state === 'initializing') throw new QiError('CLOSED', `${this.name} has not been started`)
    return this.#runner
  }

  #signalOf({ signal }: TaskOptions): AbortSignal {
    return signal ? AbortSignal.any([signal, this.#stopped.signal]) : this.#stopped.signal
  }

  #fail(error: QiError): void {
    this.#lastError = error
    this.#enter('error')
  }

  #enter(state: AgentState): void {
    if (this.#state === state || this.#state === 'stopped') return
    this.#state = state
    this.#since = Date.now()
    this.events.emit('state', state)
  }
}
