import { setTimeout as sleep } from 'node:timers/promises'
import type { ClientBase } from 'pg'
import { errorMessage, QiError, silentLogger, toQiError } from '../../types/index.ts'
import { ensureCluster, homePassword, writeSettings } from './cluster.ts'
import { confine } from './confine.ts'
import { embeddedFailure, inHome } from './failures.ts'
import { Lease } from './lease.ts'
import { withFileLock } from './lock.ts'
import { lockFileOf, type Placement, place, prepareHome, readState, writeState } from './placement.ts'
import { freePort } from './port.ts'
import { endLeftovers, findRunning, type Running, startServer, stopServer } from './postmaster.ts'
import { setUp } from './setUp.ts'
import { asSuperuser, DATABASE, OWNER } from './superuser.ts'
import type { EmbeddedOptions, EmbeddedPostgres } from './types.ts'

const ATTACH_MS = 10 * 60_000
const START_ATTEMPTS = 10

/**
 * Attaches to the server of a home, and starts it first where it is not running: a crash of anything (this program, the
 * server, the machine) is healed on the way.
 * @throws QiError UNSUPPORTED (this platform or installation cannot run it), CONFLICT (another major version), UNAVAILABLE
 */
export async function openEmbeddedPostgres(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const server = new Embedded(options, await prepareHome(options.home))
  await server.ensureRunning()
  return server
}

class Embedded implements EmbeddedPostgres {
  readonly #options: EmbeddedOptions
  readonly #home: string
  #placement: Placement | undefined
  #ownerPassword = ''
  #superuserPassword = ''
  #port = 0
  #lease: Lease | undefined
  #starting: Promise<void> | undefined
  #closing: Promise<void> | undefined

  constructor(options: EmbeddedOptions, home: string) {
    this.#options = options
    this.#home = home
  }

  get url(): string {
    return `postgres://${OWNER}:${this.#ownerPassword}@127.0.0.1:${this.#port}/${DATABASE}`
  }

  get dataFolder(): string {
    return this.#placement?.dataFolder ?? ''
  }

  get version(): string {
    return this.#placement?.binaries.version ?? ''
  }

  ensureRunning(): Promise<void> {
    if (this.#closing) return Promise.reject(new QiError('CLOSED', 'the database server was closed by this process'))
    this.#starting ??= this.#attach().finally(() => {
      this.#starting = undefined
    })
    return this.#starting
  }

  async #attach(): Promise<void> {
    // A session outlives its killed postmaster for a moment, and still answers: so both are asked.
    if ((await this.#lease?.answers()) && (await findRunning(this.dataFolder))) return
    this.#lease = undefined
    await this.#locked(async () => {
      this.#placement ??= await place(this.#home, this.#options)
      this.#superuserPassword ||= await homePassword(this.#home, 'postgres.password', this.#options.onNotice)
      this.#ownerPassword ||= await homePassword(this.#home, 'postgres.owner.password', this.#options.onNotice)
      await ensureCluster(this.#placement, this.#superuserPassword, this.#options)
      this.#hold(await this.#attachOrStart(this.#placement))
    })
  }

  /** Attaches to a server that runs, waits for one that is starting, recovering or stopping, starts one where there is none. */
  async #attachOrStart(placement: Placement): Promise<Lease> {
    const until = Date.now() + ATTACH_MS
    for (;;) {
      const found = await findRunning(placement.dataFolder)
      const running = found ?? (await this.#start(placement))
      try {
        if (!found) await this.#setUp(running.port)
        const lease = await this.#takeLease(running.port)
        const moved = this.#port !== 0 && this.#port !== running.port
        this.#port = running.port
        if (moved) this.#options.onMoved?.(this.url)
        return lease
      } catch (error) {
        const failure = toQiError(error)
        if (failure.code === 'UNAUTHORIZED')
          throw new QiError(
            'UNAUTHORIZED',
            `the password in ${this.#home}/postgres.password does not open ${placement.dataFolder}: restore that file`,
            { cause: error },
          )
        if (!failure.retryable || Date.now() > until) throw failure
      }
      await sleep(50)
    }
  }

  /** A server that an older program started may not know the owner yet. */
  async #takeLease(port: number): Promise<Lease> {
    try {
      return await Lease.take(port, this.#ownerPassword)
    } catch (error) {
      if (toQiError(error).code !== 'UNAUTHORIZED') throw error
      await this.#setUp(port)
      return Lease.take(port, this.#ownerPassword)
    }
  }

  #setUp(port: number): Promise<void> {
    return setUp({ port, password: this.#superuserPassword }, this.#ownerPassword)
  }

  asSuperuser<T>(work: (client: ClientBase) => Promise<T>): Promise<T> {
    return asSuperuser({ port: this.#port, password: this.#superuserPassword }, DATABASE, work)
  }

  confine(pid: number): Promise<boolean> {
    return confine(pid, this.#placement?.user)
  }

  async #start(placement: Placement): Promise<Running> {
    const state = await readState(this.#home)
    let port = await freePort(this.#port || state.port)
    let log = ''
    for (let attempt = 0; attempt < START_ATTEMPTS; attempt++) {
      await writeSettings(placement, port)
      const result = await startServer(placement, () =>
        this.#options.onNotice?.('the database is recovering after it was not shut down cleanly'),
      )
      if (result.running) {
        const { dataFolder, binaries } = placement
        await writeState(this.#home, { ...(await readState(this.#home)), dataFolder, port, postgresql: binaries.version })
        return result.running
      }
      log = result.log
      if (result.failure === 'port taken') port = await freePort(undefined)
      else if (result.failure === 'shared memory in use') await endLeftovers(placement.dataFolder)
      else break
    }
    throw embeddedFailure('the database server does not start', placement.dataFolder, log)
  }

  #hold(lease: Lease): void {
    this.#lease = lease
    void lease.ended.then(() => {
      if (this.#lease === lease && !this.#closing) void this.#supervise()
    })
  }

  /** The lease ended although nobody closed it: the server died or was stopped, so it is brought back. */
  async #supervise(): Promise<void> {
    const log = this.#options.logger ?? silentLogger
    log.warn({ dataFolder: this.dataFolder }, 'the database server went away; starting it again')
    for (let pause = 100; !this.#closing; pause = Math.min(pause * 2, 10_000)) {
      try {
        await this.ensureRunning()
        log.info({ port: this.#port }, 'the database server is back')
        return
      } catch (error) {
        log.error({ error: errorMessage(error) }, 'the database server does not start')
      }
      await sleep(pause, undefined, { ref: false })
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#leave()
    return this.#closing
  }

  async #leave(): Promise<void> {
    await this.#starting?.catch(() => {})
    const lease = this.#lease
    const placement = this.#placement
    if (!lease || !placement) return
    await this.#locked(async () => {
      const others = await lease.others().catch(() => undefined)
      await lease.release()
      // A lease that does not answer means the server is down or restarting; what runs then is counted by whoever started it.
      if (others !== 0) return
      const running = await findRunning(placement.dataFolder)
      if (running) await stopServer(placement, running)
    })
  }

  #locked(work: () => Promise<void>): Promise<void> {
    const waiting = () => this.#options.onNotice?.('waiting for another process that is starting or stopping the database')
    return inHome(this.#home, () => withFileLock(lockFileOf(this.#home), work, waiting))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
