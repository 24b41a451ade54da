import { createHash } from 'node:crypto'
import { abortable, type Clock, systemClock, throwIfAborted } from '../../networking/clock.ts'
import { publishNetworkEvent } from '../../networking/events.ts'
import { MAX_PENALTY_MS } from '../../networking/http/retryAfter.ts'
import { Mutex } from '../../networking/Mutex.ts'
import { retry } from '../../networking/retry.ts'
import { QiError, type RateBudget, type RateLimit, type RateLimits } from '../../types/index.ts'
import { classifyPgError } from '../connections/errors.ts'
import type { Pool } from '../connections/pool.ts'

export interface PostgresRateLimitOptions extends RateLimits {
  /** The database that keeps the limit; all its users share it. */
  readonly pool: Pool
  /** The key by which the peer tells callers apart. Only a digest of it is stored. */
  readonly key: string
  /** Resolves when the tables exist. */
  readonly ready?: () => Promise<void>
  /** Measures round trips; the time of a permit is decided by the database's clock. */
  readonly clock?: Clock
}

interface BudgetRow {
  readonly used: number
  readonly penalty_ms: number
  readonly blocked_by: string | null
  readonly probing: boolean
}

interface Place {
  readonly id: string
  readonly wait_ms: number
}

/** SQL of the budget. A waiting call has a grant in the future, which counts as used. */
const BUDGET = `select case when l.blocked_until > clock_timestamp()
    then extract(epoch from l.blocked_until - clock_timestamp()) * 1000 else 0 end::float8 as penalty_ms, l.blocked_by,
  l.resume_at > clock_timestamp() as probing,
  (select coalesce(sum(weight), 0) from network_grants
    where key_digest = $1 and granted_at > clock_timestamp() - $2 * interval '1 ms') as used
  from network_limits l where l.key_digest = $1`

/** Longest sleep of a waiting call, in milliseconds; then it asks again, since a lifted penalty moves the queue forward. */
const LOOK_AGAIN_MS = 5000

const PATIENCE = { attempts: Number.POSITIVE_INFINITY, totalMs: Number.POSITIVE_INFINITY, baseMs: 100, maxMs: 5000 }

/**
 * A rate limit shared by all processes on one PostgreSQL. It holds in every sliding window, by the database's clock.
 *
 * A permit costs one round trip, or two if the call has to wait. Each process has at most one call in the queue. If a process dies, the
 * permit of its queued call is lost. While the database is away no permits are given.
 */
export class PostgresRateLimit implements RateLimit {
  readonly limit: number
  readonly #options: PostgresRateLimitOptions
  readonly #digest: Buffer
  readonly #windowMs: number
  readonly #toleranceMs: number
  readonly #clock: Clock
  readonly #mutex = new Mutex()
  /** Messages to the database that must precede the next request: penalties, and returned places. */
  #news: Promise<void> = Promise.resolve()

  constructor(options: PostgresRateLimitOptions) {
    const { limit, service, key, windowMs = 60_000, slackMs = 1000 } = options
    if (!(limit > 0)) throw new QiError('BAD_REQUEST', `a rate limit of ${limit} would never let a call through`)
    this.limit = limit
    this.#options = options
    this.#digest = createHash('sha256').update(`${service}\0${key}`).digest()
    this.#windowMs = windowMs + slackMs
    // A permit may be this old when it is checked, and travel as long; half of the slack is left for the call's own way.
    this.#toleranceMs = slackMs / 4
    this.#clock = options.clock ?? systemClock
  }

  async acquire(weight: number, signal?: AbortSignal): Promise<void> {
    if (!(weight > 0) || weight > this.limit)
      throw new QiError('BAD_REQUEST', `a call of weight ${weight} does not fit a limit of ${this.limit}`)
    throwIfAborted(signal)
    await this.#mutex.run(() => this.#place(weight, signal), signal)
  }

  penalize(retryAfterMs: number, by?: string): void {
    if (!(retryAfterMs > 0)) return
    const ms = Math.min(retryAfterMs, MAX_PENALTY_MS)
    publishNetworkEvent({ type: 'limit-penalty', peer: this.#options.service, ms })
    const asked = this.#clock.now()
    // A late message carries only the remaining time. This process asks for no permit before it is delivered.
    const told = () =>
      this.#patiently("select qicore_rate_penalize($1, $2 * interval '1 ms', $3)", () => [
        this.#digest,
        Math.max(0, ms - (this.#clock.now() - asked)),
        by ?? null,
      ])
    this.#news = this.#news.then(told).then(
      () => {},
      () => {}, // the pool is closed: no more permits are given
    )
  }

  async budget(): Promise<RateBudget> {
    const { pool, ready, service } = this.#options
    try {
      await ready?.()
      const { rows } = await pool.query<BudgetRow>(BUDGET, [this.#digest, this.#windowMs])
      const { used = 0, penalty_ms: penaltyMs = 0, blocked_by: by = null, probing = false } = rows[0] ?? {}
      const free = penaltyMs > 0 || probing ? 0 : Math.max(0, this.limit - used)
      return {
        limit: this.limit,
        windowMs: this.#windowMs,
        free,
        penaltyMs,
        ...(penaltyMs > 0 && by !== null && { penaltyBy: by }),
      }
    } catch (error) {
      throw classifyPgError(error, `the rate limit of ${service}`)
    }
  }

  /** Takes a place in the queue; returns when its time has come by the database's clock, at most the tolerance ago. */
  async #place(weight: number, signal?: AbortSignal): Promise<void> {
    await abortable(this.#news, signal)
    let held: string | null = null
    let told = Number.NEGATIVE_INFINITY
    try {
      for (;;) {
        const asked = this.#clock.now()
        const place: Place = await this.#ask(weight, held, signal)
        held = place.id
        if (place.wait_ms > 0) {
          const until = this.#clock.now() + place.wait_ms
          // Publishes a wait once, and later only its extensions.
          const more = Math.min(place.wait_ms, until - told)
          if (more > LOOK_AGAIN_MS / 10 || told < 0)
            publishNetworkEvent({ type: 'limit-wait', peer: this.#options.service, ms: more })
          told = Math.max(told, until)
          await this.#clock.sleep(Math.min(Math.ceil(place.wait_ms), LOOK_AGAIN_MS), signal)
        } else if (this.#clock.now() - asked <= this.#toleranceMs) return
      }
    } catch (error) {
      if (held !== null) this.#giveBack(held)
      throw error
    }
  }

  async #ask(weight: number, held: string | null, signal?: AbortSignal): Promise<Place> {
    const answer = this.#patiently<Place>(
      "select id::text, wait_ms from qicore_rate_acquire($1, $2, $3, $4 * interval '1 ms', $5 * interval '1 ms', $6, $7)",
      () => [this.#digest, weight, this.limit, this.#windowMs, this.#toleranceMs, held, this.#options.service],
      signal,
    )
    try {
      return await abortable(answer, signal)
    } catch (error) {
      // The caller has left; a place that still arrives is returned.
      answer.then(
        ({ id }) => {
          if (id !== held) this.#giveBack(id)
        },
        () => {},
      )
      throw error
    }
  }

  /** Returns a place. Best effort: a place that is not returned costs one permit. */
  #giveBack(id: string): void {
    const given = () => this.#options.pool.query('select qicore_rate_leave($1, $2)', [this.#digest, id])
    this.#news = this.#news.then(given).then(
      () => {},
      () => {},
    )
  }

  /** Retries until the database answers, since a permit without it could exceed the limit. */
  #patiently<T extends object>(sql: string, values: () => readonly unknown[], signal?: AbortSignal): Promise<T> {
    const { pool, ready, service } = this.#options
    return retry(
      async () => {
        try {
          await ready?.()
          const { rows } = await pool.query<T>(sql, [...values()])
          return rows[0] as T
        } catch (error) {
          throw classifyPgError(error, `the rate limit of ${service}`)
        }
      },
      { ...PATIENCE, signal, peer: `rate limit of ${service}` },
    )
  }
}
