import { checkAllWithin, type HealthReport } from '../../networking/health.ts'
import { type CheckResult, QiError } from '../../types/index.ts'
import { classifyPgError } from './errors.ts'
import { createPool, type Pool, type PoolOptions, repointPool } from './pool.ts'

export interface PoolSizes {
  readonly name: string
  /** Connections: all, idle ones; and callers that wait for one. */
  readonly total: number
  readonly idle: number
  readonly waiting: number
  readonly max: number
}

/** Named connection pools, possibly of several databases; measured, checked and closed together. */
export class Pools implements AsyncDisposable {
  readonly #pools = new Map<string, { readonly url: string; readonly pool: Pool }>()
  #closed = false

  /**
   * Returns the pool of this name; creates it if there is none.
   * @throws QiError CONFLICT if the name belongs to another database; CLOSED after close()
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
      throw new QiError('NOT_FOUND', `there is no pool ${name}; known pools: ${[...this.#pools.keys()].join(', ') || 'none'}`)
    return known.pool
  }

  /** Sets another address for all pools, after their common server has moved. */
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

  /** Waits for the work in progress. May be called twice. */
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
