import { classifyPgError } from '../connections/errors.ts'
import type { Pool } from '../connections/pool.ts'
import { prepareRateLimits, untilDone } from './sharedRateLimits.ts'

/** A rate limit in the store. */
export interface KeptLimit {
  readonly service: string
  /** The start of the key's digest, to tell the keys of a service apart. */
  readonly key: string
  readonly limit: number
  readonly windowMs: number
  readonly free: number
  /** Time of last use, in milliseconds since 1970. */
  readonly usedAt: number
  readonly penalty?: Penalty
}

/** A pause that the peer has asked for. */
export interface Penalty {
  /** End in milliseconds since 1970, at most an hour ahead; then one call probes the peer. */
  readonly until: number
  /** The answer that asked for the pause. */
  readonly by?: string
}

const LIST = `
select service, left(encode(key_digest, 'hex'), 8) as key, calls as limit, extract(epoch from span)::float8 * 1000 as window_ms,
  extract(epoch from seen_at)::float8 * 1000 as used_at,
  case when blocked_until > clock_timestamp() then extract(epoch from blocked_until)::float8 * 1000 end as until, blocked_by as by,
  case when greatest(blocked_until, resume_at) > clock_timestamp() then 0 else greatest(0, calls - (
    select coalesce(sum(weight), 0) from network_grants g where g.key_digest = l.key_digest and granted_at > clock_timestamp() - span)) end as free
from network_limits l where service is not null order by service, key`

const CLEAR = `
select service, qicore_rate_clear(key_digest) from network_limits
where service is not null and greatest(blocked_until, resume_at) > clock_timestamp() and ($1::text is null or lower(service) = lower($1))
order by service`

interface Row {
  readonly service: string
  readonly key: string
  readonly limit: number
  readonly window_ms: number
  readonly used_at: number
  readonly free: number
  readonly until: number | null
  readonly by: string | null
}

/** Lists the rate limits of a store, and lifts penalties. */
export class RateLimitLedger {
  readonly #pool: Pool
  readonly #ready: () => Promise<void>

  constructor(pool: Pool) {
    this.#pool = pool
    this.#ready = untilDone(() => prepareRateLimits(pool))
  }

  /** All limits, ordered by service. @throws QiError UNAVAILABLE */
  async list(): Promise<readonly KeptLimit[]> {
    const rows = await this.#query<Row>(LIST, [])
    return rows.map(({ service, key, limit, window_ms, used_at, free, until, by }) => ({
      service,
      key,
      limit,
      windowMs: Math.round(window_ms),
      free,
      usedAt: Math.round(used_at),
      ...(until !== null && { penalty: { until: Math.round(until), ...(by !== null && { by }) } }),
    }))
  }

  /**
   * Lifts penalties. New calls go out at once, waiting ones within seconds.
   * @param service default: all services
   * @returns the services whose penalty was lifted
   * @throws QiError UNAVAILABLE
   */
  async clear(service?: string): Promise<readonly string[]> {
    const rows = await this.#query<{ service: string }>(CLEAR, [service ?? null])
    return [...new Set(rows.map((row) => row.service))]
  }

  async #query<T extends object>(sql: string, values: unknown[]): Promise<readonly T[]> {
    try {
      await this.#ready()
      return (await this.#pool.query<T>(sql, values)).rows
    } catch (error) {
      throw classifyPgError(error, 'reading the rate limits')
    }
  }
}
