import { classifyPgError } from '../database/errors.ts'
import { createPool, type Pool, type PoolOptions, repointPool } from '../database/pool.ts'
import { type CheckResult, QiError } from '../types/index.ts'
import { checkAllWithin, type HealthReport } from './health.ts'

export interface PoolSizes {
  readonly name: string
  /** Connections there are, of which so many idle, and callers that wait for one. */
  readonly total: number
  readonly idle: number
  readonly waiting: number
  readonly max: number
}

/** Connection pools of several databases, by name: each is made once, measured, checked and closed with the others. */
export class Pools implements AsyncDisposable {
  readonly #pools = new Map<string, { readonly url: string; readonly pool: Pool }>()
  #closed = false

  /**
   * The pool of this name, made where there is none.
   * @throws QiError CONFLICT where the name stands for another database; CLOSED after close()
   */
  open(name: string, url: string, options: PoolOptions = {}): Pool {
    if (this.#closed) throw new QiError('CLOSED', `the pools are closed: ${name} cannot be opened`)
    const known = this.#pools.get(name)
    if (known && known.url !== url)
      throw new QiError('CONFLICT', `the pool ${name} belongs to another database; choose another name`)
    if (known) return known.pool
    const pool = createPool(url, options)
    this.#pools.set(name, { url, pool })
    return pool
  }

  /** @throws QiError NOT_FOUND */
  get(name: string): Pool {
    const known = this.#pools.get(name)
    if (!known)
      throw new QiError('NOT_FOUND', `there is no pool ${name}; there is ${[...this.#pools.keys()].join(', ') || 'none'}`)
    return known.pool
  }

  /** Points all of them at another address, where a server that all of them are of has moved. */
  repoint(url: string): void {
    for (const [name, { pool }] of this.#pools) {
      repointPool(pool, url)
      this.#pools.set(name, { url, pool })
    }
  }

  sizes(): readonly PoolSizes[] {
    return [...this.#pools].map(([name, { pool }]) => ({
      name,
      total: pool.totalCount,
      idle: pool.idleCount,
      waiting: pool.waitingCount,
      max: pool.options.max ?? 10,
    }))
  }

  /** Asks every database for an answer. Never throws and never hangs; `deadlineMs` default 5,000. */
  health(deadlineMs = 5000): Promise<HealthReport> {
    return checkAllWithin(
      deadlineMs,
      Object.fromEntries([...this.#pools].map(([name, { pool }]) => [name, () => ask(name, pool)])),
    )
  }

  /** Waits for the work that is under way. May be called twice. */
  async close(): Promise<void> {
    this.#closed = true
    await Promise.all([...this.#pools.values()].map(({ pool }) => (pool.ending ? undefined : pool.end())))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

async function ask(name: string, pool: Pool): Promise<CheckResult> {
  const start = performance.now()
  try {
    await pool.query('select 1')
  } catch (error) {
    throw classifyPgError(error, `asking ${name}`)
  }
  const ms = Math.round(performance.now() - start)
  return { ok: true, summary: `${name} answers in ${ms} ms`, details: { connections: pool.totalCount, idle: pool.idleCount } }
}
