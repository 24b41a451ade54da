import { setTimeout as sleep } from 'node:timers/promises'
import type { ClientBase } from 'pg'
import { QiError, silentLogger, toQiError } from '../../types/index.ts'
import { embeddedFailure, inHome } from './failures.ts'
import { withFileLock } from './home/lock.ts'
import { lockFileOf, type Placement, place, prepareHome, readState, writeState } from './home/placement.ts'
import { choosePort, remember } from './home/port.ts'
import { setUp } from './roles/setUp.ts'
import { asSuperuser, DATABASE, OWNER } from './roles/superuser.ts'
import { ensureCluster, homePassword, writeSettings } from './server/cluster.ts'
import { confine } from './server/confine.ts'
import { Lease } from './server/lease.ts'
import { endLeftovers, findRunning, type Running, startServer, stopServer } from './server/postmaster.ts'
import type { EmbeddedOptions, EmbeddedPostgres } from './types.ts'

const ATTACH_MS = 10 * 60_000
const START_ATTEMPTS = 10

/**
 * Attaches to the server of a home, and starts it if it does not run. Recovers from any crash: of this program, the server or the
 * machine.
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
    // A session outlives its killed postmaster for a moment and still answers, so both are checked.
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

  /** Attaches to a running server, waits for one that is starting, recovering or stopping, or starts one. */
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

  /** Takes a lease. A server that an older version started may lack the owner's role, which is then created. */
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

  async readerPassword(): Promise<{ readonly password: string; readonly renewed: boolean }> {
    let renewed = false
    let password = ''
    await this.#locked(async () => {
      password = await homePassword(this.#home, 'postgres.reader.password', this.#options.onNotice, () => {
        renewed = true
      })
    })
    return { password, renewed }
  }

  confine(pid: number): Promise<boolean> {
    return confine(pid, this.#placement?.user)
  }

  async #start(placement: Placement): Promise<Running> {
    const state = await readState(this.#home)
    const { port: wanted } = this.#options
    // A server that restarts keeps its port, so that clients find it again.
    const before = this.#port === 0 ? state : { port: this.#port, ...(wanted !== undefined && { wanted }) }
    const tried = new Set<number>()
    let log = ''
    for (let attempt = 0; attempt < START_ATTEMPTS; attempt++) {
      const port = await choosePort(before, wanted, tried)
      await writeSettings(placement, port)
      const result = await startServer(placement, () =>
        this.#options.onNotice?.('the database is recovering after it was not shut down cleanly'),
      )
      if (result.running) {
        const { dataFolder, binaries } = placement
        const remembered = remember(await readState(this.#home), port, wanted)
        await writeState(this.#home, { ...remembered, dataFolder, postgresql: binaries.version })
        if (remembered.port !== port)
          this.#options.onNotice?.(
            `port ${remembered.port} is taken by another program: the database listens on ${port} this time`,
          )
        return result.running
      }
      log = result.log
      if (result.failure === 'port taken') tried.add(port)
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

  /** Restarts the server after its lease ended without close(): it died or was stopped. */
  async #supervise(): Promise<void> {
    const log = this.#options.logger ?? silentLogger
    log.warn({ dataFolder: this.dataFolder }, 'the database server went away; starting it again')
    for (let pause = 100; !this.#closing; pause = Math.min(pause * 2, 10_000)) {
      try {
        await this.ensureRunning()
        log.info({ port: this.#port }, 'the database server is back')
        return
      } catch (error) {
        log.error({ err: error }, 'the database server does not start')
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
      // If the lease does not answer, the server is down or another process restarts it, and that one stops it.
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
