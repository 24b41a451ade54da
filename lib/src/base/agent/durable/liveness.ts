import { setTimeout as timer } from 'node:timers/promises'
import { lockKeys, type Pool, type PoolClient } from '../../database/index.ts'

const DEAD = `select id from unnest($1::text[]) as id where not exists (
  select from pg_locks l where l.locktype = 'advisory' and l.objsubid = 2 and l.granted
    and l.database = (select oid from pg_database where datname = current_database())
    and l.classid = $2::oid and l.objid::bigint = (hashtext(id)::bigint & 4294967295))`

/**
 * A process that runs workflows holds an advisory lock while its connection lives, so others see at once when it is dead. A process
 * that loses its connection locks again; if another has taken over its runs meanwhile, its own further steps are not recorded.
 */
export class Liveness implements AsyncDisposable {
  readonly #pool: Pool
  readonly #executor: string
  readonly #closed = new AbortController()
  #key: number | undefined
  #session: PoolClient | undefined
  #keeping: Promise<void> = Promise.resolve()

  private constructor(pool: Pool, executor: string) {
    this.#pool = pool
    this.#executor = executor
  }

  static async open(pool: Pool, executor: string): Promise<Liveness> {
    const liveness = new Liveness(pool, executor)
    await liveness.#lock()
    return liveness
  }

  /** The dead ones of these executors. */
  async dead(executors: readonly string[]): Promise<ReadonlySet<string>> {
    if (executors.length === 0) return new Set()
    const { rows } = await this.#pool.query<{ id: string }>(DEAD, [executors, await this.#class()])
    return new Set(rows.map(({ id }) => id))
  }

  /** First key of the advisory locks of live processes. */
  async #class(): Promise<number> {
    this.#key ??= (await lockKeys(this.#pool)).executors
    return this.#key
  }

  async close(): Promise<void> {
    this.#closed.abort()
    await this.#keeping
    this.#session?.release(true)
    this.#session = undefined
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #lock(): Promise<void> {
    const session = await this.#pool.connect()
    try {
      await session.query('select pg_advisory_lock($1, hashtext($2))', [(await lockKeys(session)).executors, this.#executor])
    } catch (error) {
      session.release(true)
      throw error
    }
    this.#session = session
    session.once('error', () => {
      if (this.#session !== session) return
      this.#session = undefined
      session.release(true)
      this.#keeping = this.#lockAgain()
    })
  }

  async #lockAgain(): Promise<void> {
    while (!this.#closed.signal.aborted) {
      if (
        await this.#lock().then(
          () => true,
          () => false,
        )
      )
        return
      await timer(500, undefined, { signal: this.#closed.signal, ref: false }).catch(() => {})
    }
  }
}
