import { createHash, randomUUID } from 'node:crypto'
import { setTimeout as timer } from 'node:timers/promises'
import { Liveness, type ToolContext, type ToolDefinition, type ToolHandles } from '../../base/agent/index.ts'
import { type Logger, QiError } from '../../base/types/index.ts'
import { shownArguments } from '../access/shownArguments.ts'
import type { ToolAnswer } from '../answer/answerOf.ts'
import { stableJson } from '../server/Consents.ts'
import { type AdmittedCall, admitCall, askConsent, type Consenting, runTool } from '../server/callTool.ts'
import { type Job, type JobQuery, JobStore } from './JobStore.ts'
import { type Outcome, Running } from './Running.ts'

export interface JobLimits {
  /** Most running jobs of one caller, in all processes. */
  readonly jobsPerCaller: number
  /** Most running calls of one caller in this process, jobs included. */
  readonly callsPerCaller: number
  /** Poll interval for cancels by other processes, and for dead ones, in milliseconds. */
  readonly lookMs: number
}

export const JOB_LIMITS: JobLimits = { jobsPerCaller: 16, callsPerCaller: 64, lookMs: 1_000 }

/** Interval of the deletion of old jobs, in milliseconds. */
const PRUNE_MS = 10 * 60_000
const LOST = JSON.stringify({
  code: 'UNAVAILABLE',
  message:
    'the process that ran this job is gone: what it did until then is done, and the audit log says what it was; make the same call again with another key',
  retryable: true,
})

export interface CallRequest {
  readonly tool: ToolDefinition
  readonly given: unknown
  readonly consenting: Consenting
  /** Idempotency key: all requests with it and the same arguments are one call. */
  readonly key?: string | undefined
  /** Milliseconds until the call becomes a job; 0: at once. */
  readonly waitMs: number
  /** Aborted when the caller disconnects: a call that is no job then ends. */
  readonly signal: AbortSignal
}

/** The answer, or the job that will have it as its result. */
export type CallAnswer =
  | { readonly structured: Readonly<Record<string, unknown>>; readonly replayed: boolean }
  | { readonly job: Job; readonly replayed: boolean }

/** The idempotency key was used with other arguments. */
export class KeyReused extends QiError {
  constructor(key: string) {
    super(
      'CONFLICT',
      `Idempotency-Key "${key}" was used for a call of another tool or with other arguments: take a new key for a new call`,
      { field: 'idempotency-key' },
    )
  }
}

interface Opened {
  readonly store: JobStore
  readonly liveness: Liveness
}

/**
 * Runs calls of tools over HTTP. A long call becomes a job: a row in the store that outlives the request. The process holds an advisory
 * lock while it lives, so that others see when it is gone.
 */
export class ToolCalls {
  readonly #handles: () => Promise<ToolHandles>
  readonly #logger: Logger
  readonly #limits: JobLimits
  readonly #runner = `jobs ${randomUUID()}`
  readonly #running = new Map<string, Running>()
  readonly #callsOf = new Map<string, number>()
  readonly #closed = new AbortController()
  #opening: Promise<Opened> | undefined
  #lookedAt = Number.NEGATIVE_INFINITY
  #looking: Promise<void> | undefined
  #prunedAt = Number.NEGATIVE_INFINITY

  constructor(handles: () => Promise<ToolHandles>, logger: Logger, limits: Partial<JobLimits> = {}) {
    this.#handles = handles
    this.#logger = logger
    this.#limits = { ...JOB_LIMITS, ...limits }
  }

  /** @throws QiError of callTool; KeyReused; RATE_LIMITED if the caller has too many running */
  async call(request: CallRequest): Promise<CallAnswer> {
    const { tool, given, consenting, key, waitMs } = request
    if (this.#closed.signal.aborted) throw new QiError('CLOSED', 'the server is stopping')
    const handles = await this.#handles()
    const call = await admitCall(tool, given, handles, consenting)
    const id = randomUUID()
    const leave = this.#enter(consenting.by.name)
    let running: Running | undefined
    try {
      if (key !== undefined) {
        const earlier = await this.#claim(id, call, consenting, key)
        if (earlier) return await this.#attach(earlier, request)
      }
      try {
        await askConsent(call, handles, consenting)
        if (key === undefined && waitMs === 0) await this.#add(id, call, consenting)
      } catch (failure) {
        if (key !== undefined) await (await this.#open()).store.remove(id)
        throw failure
      }
      running = await this.#start(id, call, handles, request)
    } finally {
      if (running) running.ended.then(leave)
      else leave()
    }
    return this.#answer(running, call, request)
  }

  async get(id: string): Promise<Job | undefined> {
    const { store } = await this.#open()
    await this.#look()
    return store.get(id)
  }

  async list(query: JobQuery): Promise<readonly Job[]> {
    const { store } = await this.#open()
    await this.#look()
    return store.list(query)
  }

  /** Cancels the job, wherever it runs; finished work stays. */
  async cancel(id: string, by: string): Promise<void> {
    const running = this.#running.get(id)
    if (running) running.abort(cancelled(by))
    const { store } = await this.#open()
    await store.askCancel(id)
  }

  /** Yields the job if it is newer than `after`, and at each change until it has ended. */
  async *watch(id: string, after: number, signal: AbortSignal): AsyncGenerator<Job> {
    let seen = after
    const either = AbortSignal.any([signal, this.#closed.signal])
    while (!either.aborted) {
      const changed = this.#running.get(id)?.changed
      const job = await this.get(id)
      if (!job) return
      if (job.revision > seen) {
        seen = job.revision
        yield job
      }
      if (job.state !== 'running') return
      await Promise.race([changed, timer(this.#limits.lookMs, undefined, { signal: either, ref: false })]).catch(() => {})
    }
  }

  /** Ends the running calls; jobs that do not end in time are lost. */
  async close(drainMs: number): Promise<void> {
    this.#closed.abort()
    const running = [...this.#running.values()]
    for (const one of running) one.abort(new QiError('CANCELLED', 'the server was stopped'))
    await Promise.race([Promise.all(running.map(({ ended }) => ended)), timer(drainMs, undefined, { ref: false })])
    for (const one of running) one.giveUp()
    const opened = await this.#opening?.catch(() => undefined)
    await opened?.liveness.close()
  }

  #open(): Promise<Opened> {
    this.#opening ??= this.#openOnce().catch((error: unknown) => {
      this.#opening = undefined
      throw error
    })
    return this.#opening
  }

  async #openOnce(): Promise<Opened> {
    const { store: database } = await this.#handles()
    const store = await JobStore.open(database.pool)
    return { store, liveness: await Liveness.open(database.createPool({ max: 2 }), this.#runner) }
  }

  /** @throws QiError RATE_LIMITED */
  #enter(caller: string): () => void {
    const count = this.#callsOf.get(caller) ?? 0
    if (count >= this.#limits.callsPerCaller)
      throw new QiError('RATE_LIMITED', `${caller} has ${count} calls under way: wait until some have ended`, {
        retryAfterMs: 1_000,
      })
    this.#callsOf.set(caller, count + 1)
    return () => {
      const left = (this.#callsOf.get(caller) ?? 1) - 1
      if (left > 0) this.#callsOf.set(caller, left)
      else this.#callsOf.delete(caller)
    }
  }

  /** Creates the job of a key. @returns the existing one, if any. @throws KeyReused */
  async #claim(id: string, call: AdmittedCall, { by }: Consenting, key: string): Promise<Job | undefined> {
    const digest = createHash('sha256')
      .update(`${call.tool.name} ${stableJson(call.input)}`)
      .digest()
    const { store } = await this.#open()
    // The existing one may be deleted in between, if its call was refused.
    for (;;) {
      const earlier = await store.ofKey(by.name, key)
      if (earlier && !earlier.digest.equals(digest)) throw new KeyReused(key)
      if (earlier) {
        await this.#look()
        return earlier
      }
      await this.#expectRoom(by.name)
      if (await store.add({ ...this.#rowOf(id, call, by.name), key: { text: key, digest } })) return undefined
    }
  }

  async #add(id: string, call: AdmittedCall, { by }: Consenting): Promise<void> {
    await this.#expectRoom(by.name)
    const { store } = await this.#open()
    await store.add(this.#rowOf(id, call, by.name))
  }

  #rowOf(id: string, { tool, effect, input }: AdmittedCall, caller: string) {
    return { id, caller, tool: tool.name, effect, arguments: shownArguments(input), runner: this.#runner }
  }

  async #expectRoom(caller: string): Promise<void> {
    const { store } = await this.#open()
    const { jobsPerCaller } = this.#limits
    if ((await store.countRunning(caller)) < jobsPerCaller) return
    throw new QiError(
      'RATE_LIMITED',
      `${jobsPerCaller} jobs of ${caller} run: wait for one, or cancel one (DELETE /api/v1/jobs/ID)`,
      {
        retryAfterMs: 5_000,
      },
    )
  }

  async #start(id: string, call: AdmittedCall, handles: ToolHandles, { consenting, key, waitMs }: CallRequest): Promise<Running> {
    const isJob = key !== undefined || waitMs === 0
    const { store } = isJob ? await this.#open() : { store: undefined }
    const work = async (one: Running): Promise<ToolAnswer> => {
      const context: ToolContext = {
        ...handles,
        caller: consenting.caller,
        signal: one.signal,
        progress: (done, total, message) => one.progress(done, total, message),
      }
      return runTool(call, context, consenting, () => (one.isJob ? id : undefined))
    }
    const running = new Running(id, this.#logger, work)
    if (store) running.becomeJob(store)
    this.#running.set(id, running)
    void this.#follow(running, call)
    return running
  }

  /** Watches a call until it has ended: another process may cancel it, or mark it lost. */
  async #follow(running: Running, { tool }: AdmittedCall): Promise<void> {
    const stopped = new AbortController()
    const looking = (async () => {
      while (!stopped.signal.aborted) {
        await timer(this.#limits.lookMs, undefined, { signal: stopped.signal, ref: false }).catch(() => {})
        if (!stopped.signal.aborted && running.isJob) await this.#lookAfter(running)
      }
    })()
    const outcome = await running.ended
    stopped.abort()
    await looking
    this.#running.delete(running.id)
    if ('error' in outcome && outcome.error.code === 'INTERNAL')
      this.#logger.error({ tool: tool.name, job: running.id, err: outcome.error }, `${tool.name} failed`)
  }

  async #lookAfter(running: Running): Promise<void> {
    try {
      const { store } = await this.#open()
      const row = (await store.runningOf(this.#runner)).find(({ id }) => id === running.id)
      if (!row)
        running.abort(
          new QiError('CANCELLED', 'this process was cut off from the store for a while, and the job was taken to be lost'),
        )
      else if (row.cancel) running.abort(cancelled('another process'))
    } catch (error) {
      this.#logger.debug({ job: running.id, err: error }, 'a job could not be looked after')
    }
  }

  async #answer(running: Running, call: AdmittedCall, { waitMs, signal, consenting }: CallRequest): Promise<CallAnswer> {
    const outcome = await within(running.ended, waitMs, running.isJob ? undefined : signal)
    if (outcome) return { structured: answerOf(outcome).structured, replayed: false }
    if (signal.aborted && !running.isJob) {
      running.abort(new QiError('CANCELLED', 'the caller has gone'))
      return { structured: answerOf(await running.ended).structured, replayed: false }
    }
    if (!running.isJob)
      try {
        const { store } = await this.#open()
        await store.add(this.#rowOf(running.id, call, consenting.by.name))
        running.becomeJob(store)
      } catch (error) {
        // It runs already, and only this request can report its end.
        this.#logger.warn({ tool: call.tool.name, err: error }, 'a call that takes long could not become a job')
        return { structured: answerOf(await running.ended).structured, replayed: false }
      }
    return { job: await this.#known(running.id), replayed: false }
  }

  /** The answer of an earlier call with the same key; waits while it runs. */
  async #attach({ id }: Job, { waitMs, signal }: CallRequest): Promise<CallAnswer> {
    const until = performance.now() + waitMs
    for (;;) {
      const job = await this.#known(id)
      if (job.state === 'done' && job.result !== null)
        return { structured: JSON.parse(job.result) as Record<string, unknown>, replayed: true }
      const left = until - performance.now()
      // A failure, a result too long to be stored, a call that still runs: the job says so.
      if (job.state !== 'running' || left <= 0 || signal.aborted) return { job, replayed: true }
      const changed = this.#running.get(id)?.ended
      await Promise.race([changed, timer(Math.min(left, 100), undefined, { ref: false })])
    }
  }

  /** @throws QiError CONFLICT where the call was refused meanwhile, and so is no job */
  async #known(id: string): Promise<Job> {
    const job = await this.get(id)
    if (job) return job
    throw new QiError('CONFLICT', 'the call with this key was refused, and nothing was done: make the call again', {
      retryable: true,
      field: 'idempotency-key',
    })
  }

  /** Notes which jobs are lost, and removes old ones; asked often, done now and then. */
  #look(): Promise<void> {
    if (performance.now() - this.#lookedAt < this.#limits.lookMs) return this.#looking ?? Promise.resolve()
    this.#lookedAt = performance.now()
    this.#looking = this.#lookOnce().finally(() => {
      this.#looking = undefined
    })
    return this.#looking
  }

  async #lookOnce(): Promise<void> {
    const { store, liveness } = await this.#open()
    const dead = await liveness.dead(await store.runnersBut(this.#runner))
    if (dead.size > 0) await store.markLost([...dead], LOST)
    if (performance.now() - this.#prunedAt < PRUNE_MS) return
    this.#prunedAt = performance.now()
    await store.prune()
  }
}

const cancelled = (by: string): QiError => new QiError('CANCELLED', `cancelled by ${by}; what was done until then stays done`)

/** The answer of a call. @throws QiError */
function answerOf(outcome: Outcome): ToolAnswer {
  if ('answer' in outcome) return outcome.answer
  throw outcome.error
}

/** Resolves to the value, or to undefined when the wait is over or the signal fires first. */
async function within<T>(value: Promise<T>, waitMs: number, signal: AbortSignal | undefined): Promise<T | undefined> {
  if (waitMs === 0) return undefined
  const waiting = new AbortController()
  const either = signal ? AbortSignal.any([signal, waiting.signal]) : waiting.signal
  const over = timer(waitMs, undefined, { signal: either, ref: false }).catch(() => undefined)
  return Promise.race([value, over]).finally(() => waiting.abort())
}
