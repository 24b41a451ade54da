import { MICROS_PER_SECOND, type Micros, nowMicros } from '../types/index.ts'
import type { Pool } from './pool.ts'

/** Age at which a measurement is repeated, and the pause after one that failed, in milliseconds. */
const MEASURE_EVERY_MS = 60_000
const RETRY_MS = 5000
/** The machine's clock was set where it and the monotonic one have come so far apart. */
const STEP: Micros = MICROS_PER_SECOND

/** Clocks of this machine: of the day, and one that only grows. */
export interface LocalClocks {
  /** Microseconds since 1970. */
  now(): Micros
  /** Milliseconds. */
  monotonic(): number
}

const LOCAL: LocalClocks = { now: nowMicros, monotonic: () => performance.now() }

/**
 * The database's clock, as far as it is known here: measured once, and again now and then in the background. Until then it is the
 * machine's clock.
 */
export class DatabaseClock {
  readonly #ask: () => Promise<Micros>
  readonly #local: LocalClocks
  #known: { readonly offset: Micros; readonly at: Micros; readonly monotonic: number } | undefined
  #askedAt = Number.NEGATIVE_INFINITY
  #asking: Promise<void> | undefined

  /** @param ask the database's time; what it throws leaves the clock as it was */
  constructor(ask: () => Promise<Micros>, local: LocalClocks = LOCAL) {
    this.#ask = ask
    this.#local = local
  }

  /**
   * Microseconds since 1970. After the machine's clock was set, the later of what that clock and the monotonic one say, until it is
   * measured anew: so nothing is refused because a clock was set.
   */
  readonly now = (): Micros => {
    const local = this.#local.now()
    const monotonic = this.#local.monotonic()
    if (!this.#known) {
      this.#measureSoon(monotonic, RETRY_MS)
      return local
    }
    const byClock = local + this.#known.offset
    const byMonotonic = this.#known.at + Math.round((monotonic - this.#known.monotonic) * 1000)
    this.#measureSoon(monotonic, Math.abs(byClock - byMonotonic) > STEP ? RETRY_MS : MEASURE_EVERY_MS)
    return Math.max(byClock, byMonotonic)
  }

  /** Asks the database now. Never throws: where there is no answer, what is known stays. */
  measure(): Promise<void> {
    this.#asking ??= this.#measure().finally(() => {
      this.#asking = undefined
    })
    return this.#asking
  }

  #measureSoon(monotonic: number, afterMs: number): void {
    if (!this.#asking && monotonic - this.#askedAt >= afterMs) void this.measure()
  }

  async #measure(): Promise<void> {
    const asked = this.#local.monotonic()
    this.#askedAt = asked
    try {
      const told = await this.#ask()
      const monotonic = this.#local.monotonic()
      // The answer is as old as half of the round trip.
      const at = told + Math.round((monotonic - asked) * 500)
      this.#known = { offset: at - this.#local.now(), at, monotonic }
    } catch {
      // The database cannot be reached: whoever reads or writes says so.
    }
  }
}

/** Microseconds since 1970 by the server. @throws what the pool throws */
export async function databaseTime(pool: Pick<Pool, 'query'>): Promise<Micros> {
  const text = 'select (extract(epoch from clock_timestamp()) * 1000000)::bigint::text as now'
  const { rows } = await pool.query<{ now: string }>(text)
  return Number(rows[0]?.now)
}
