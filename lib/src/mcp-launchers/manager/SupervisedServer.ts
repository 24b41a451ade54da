import type { Tool } from '@modelcontextprotocol/client'
import { abortable, retry, systemClock } from '../../base/networking/index.ts'
import { type Logger, QiError, toQiError } from '../../base/types/index.ts'
import { isUrlSpec, type ServerSpec } from '../shared/spec.ts'
import type { SupervisionOptions } from '../shared/supervision.ts'
import { BoundedText } from './BoundedText.ts'
import { type Connection, connect } from './connection.ts'
import { classify, isLost } from './failures.ts'
import type { CallOptions, ServerHealth, ServerState, ToolResult } from './model.ts'

/** One server, restarted until it is stopped. */
export class SupervisedServer {
  readonly name: string
  readonly #spec: ServerSpec
  readonly #options: Required<SupervisionOptions>
  readonly #logger: Logger
  readonly #stop = new AbortController()
  readonly #noise = new BoundedText()
  readonly #settled = Promise.withResolvers<void>()
  #running: Promise<void> | undefined
  #connection: Connection | undefined
  #tools: readonly Tool[] = []
  #state: ServerState = 'starting'
  #since = Date.now()
  #starts = 0
  #lastError: QiError | undefined
  #retryAt: number | undefined

  constructor(name: string, spec: ServerSpec, options: Required<SupervisionOptions>, logger: Logger) {
    this.name = name
    this.#spec = spec
    this.#options = options
    this.#logger = logger
    this.#settled.promise.catch(() => {})
  }

  /** Returns when it is ready; keeps retrying after a failure. @throws QiError of the first start */
  async start(): Promise<void> {
    this.#running ??= this.#supervise()
    await this.#settled.promise
  }

  async stop(): Promise<void> {
    this.#stop.abort(new QiError('CLOSED', `the MCP server ${this.name} is being stopped`))
    await this.#running
    this.#enter('stopped')
    this.#settled.reject(new QiError('CLOSED', `the MCP server ${this.name} was stopped`))
  }

  get tools(): readonly Tool[] {
    return this.#state === 'ready' ? this.#tools : []
  }

  /** The end of its stderr. */
  get stderr(): string {
    return this.#noise.text
  }

  health(): ServerHealth {
    const { client, pid } = this.#connection ?? {}
    const version = client?.getServerVersion()
    const protocol = client?.getNegotiatedProtocolVersion()
    return {
      name: this.name,
      state: this.#state,
      since: this.#since,
      restarts: Math.max(0, this.#starts - 1),
      tools: this.tools.length,
      ...(this.#lastError && { lastError: this.#lastError }),
      ...(this.#retryAt !== undefined && { retryAt: this.#retryAt }),
      ...(pid !== undefined && { pid }),
      ...(version && { server: `${version.name} ${version.version}` }),
      ...(protocol && { protocol }),
    }
  }

  /** @throws QiError UNAVAILABLE if the server is not ready, or ends before it has answered */
  async callTool(tool: string, input: Record<string, unknown>, options: CallOptions = {}): Promise<ToolResult> {
    const connection = this.#connection
    if (this.#state !== 'ready' || !connection) throw this.#absent()
    const { signal, timeoutMs = 60_000 } = options
    const what = `${this.name}: ${tool}`
    try {
      const call = connection.client.callTool({ name: tool, arguments: input }, { timeout: timeoutMs, ...(signal && { signal }) })
      const gone = connection.closed.then((ending): never => {
        throw this.#ended(ending, `in the middle of ${tool}`)
      })
      gone.catch(() => {})
      return await abortable(Promise.race([call, gone]), signal)
    } catch (error) {
      if (isLost(error) && !isUrlSpec(this.#spec)) throw this.#ended(await connection.closed, `in the middle of ${tool}`)
      const failure = classify(error, what)
      const lost = isUrlSpec(this.#spec) && failure.code === 'UNAVAILABLE' && failure.retryable
      if (lost || (failure.code === 'TIMEOUT' && this.#options.endOnTimeout)) void connection.kill()
      throw failure
    }
  }

  /** Each run of `retry` is one series of failures; a server that was healthy for long enough begins a new one. */
  async #supervise(): Promise<void> {
    const { backoffMs, maxBackoffMs } = this.#options
    const { signal } = this.#stop
    while (!signal.aborted) {
      try {
        await retry(() => this.#session(signal), {
          attempts: Number.MAX_SAFE_INTEGER,
          totalMs: Number.POSITIVE_INFINITY,
          baseMs: backoffMs,
          maxMs: maxBackoffMs,
          signal,
          peer: `MCP server ${this.name}`,
          onRetry: ({ error, waitMs }) => this.#failed(error, waitMs),
        })
        await systemClock.sleep(backoffMs, signal)
      } catch (error) {
        if (signal.aborted) return
        this.#lastError = toQiError(error)
        this.#enter('failed')
        this.#logger.error({ server: this.name, err: this.#lastError }, this.#lastError.message)
        this.#settled.reject(this.#lastError)
        return
      }
    }
  }

  /** From the start of the server to its end. Returns if it had been healthy for long. @throws QiError if it had not */
  async #session(signal: AbortSignal): Promise<void> {
    const { startMs, graceMs, healthyMs } = this.#options
    this.#retryAt = undefined
    this.#starts++
    this.#enter('starting')
    const settings = { name: this.name, spec: this.#spec, noise: this.#noise, startMs, graceMs }
    const onTools = (tools: readonly Tool[]) => {
      this.#tools = tools
    }
    const connection = await connect({ ...settings, onTools }, signal)
    this.#connection = connection
    this.#tools = connection.tools
    this.#enter('ready')
    this.#settled.resolve()
    this.#logger.info({ server: this.name, tools: this.#tools.length }, `the MCP server ${this.name} is ready`)
    const probing = new AbortController()
    if (isUrlSpec(this.#spec)) void this.#probe(connection, probing.signal)
    let ending: string
    try {
      ending = await abortable(connection.closed, signal)
    } finally {
      probing.abort()
      await connection.close()
      this.#connection = undefined
    }
    const wellFor = Date.now() - this.#since
    const error = this.#ended(ending, '')
    if (wellFor < healthyMs) throw error
    this.#failed(error, this.#options.backoffMs)
  }

  /** Polls a server at a URL, which does not announce its end. */
  async #probe(connection: Connection, signal: AbortSignal): Promise<void> {
    const { probeMs } = this.#options
    try {
      for (;;) {
        await systemClock.sleep(probeMs, signal)
        await connection.client.listTools(undefined, { signal, timeout: probeMs, cacheMode: 'bypass' })
      }
    } catch {
      if (!signal.aborted) await connection.kill()
    }
  }

  #failed(error: QiError, waitMs: number): void {
    this.#lastError = error
    this.#retryAt = Date.now() + waitMs
    this.#enter('restarting')
    this.#settled.reject(error)
    this.#logger.warn({ server: this.name, err: error, wait_ms: Math.round(waitMs) }, error.message)
  }

  #ended(ending: string, when: string): QiError {
    const said = this.#noise.lastLines()
    const told = `the MCP server ${this.name} ended ${when ? `${when} ` : ''}(${ending})`
    return new QiError('UNAVAILABLE', said ? `${told}; it said: ${said}` : told)
  }

  #absent(): QiError {
    const why = this.#lastError ? `: ${this.#lastError.message}` : ''
    const wait = this.#retryAt === undefined ? undefined : Math.max(0, this.#retryAt - Date.now())
    const again = wait === undefined ? '' : `; it is started again in ${Math.ceil(wait / 1000)} s`
    return new QiError('UNAVAILABLE', `the MCP server ${this.name} is ${this.#state}${why}${again}`, {
      retryable: this.#state !== 'failed' && this.#state !== 'stopped',
      ...(wait !== undefined && { retryAfterMs: wait }),
    })
  }

  #enter(state: ServerState): void {
    if (this.#state !== state) this.#since = Date.now()
    this.#state = state
  }
}
