import { MICROS_PER_SECOND, type Micros, nowMicros } from '../../types/index.ts'
import type { Pool } from './pool.ts'

/** Age at which a measurement is repeated, and the pause after a failed one, in milliseconds. */
const MEASURE_EVERY_MS = 60_000
const RETRY_MS = 5000
/** If the machine's clock and the monotonic clock differ by more than this, the machine's clock was set. */
const STEP: Micros = MICROS_PER_SECOND

/** Clocks of this machine: wall clock and monotonic clock. */
export interface LocalClocks {
  /** Microseconds since 1970. */
  now(): Micros
  /** Milliseconds. */
  monotonic(): number
}

const LOCAL: LocalClocks = { now: nowMicros, monotonic: () => performance.now() }

/** Estimates the database's clock: measured once, then again every minute in the background. Until the first answer it is the machine's clock. */
export class DatabaseClock {
  readonly #ask: () => Promise<Micros>
  readonly #local: LocalClocks
  #known: { readonly offset: Micros; readonly at: Micros; readonly monotonic: number } | undefined
  #askedAt = Number.NEGATIVE_INFINITY
  #asking: Promise<void> | undefined

  /** @param ask returns the database's time; if it throws, the clock keeps the last measurement */
  constructor(ask: () => Promise<Micros>, local: LocalClocks = LOCAL) {
    this.#ask = ask
    this.#local = local
  }

  /**
   * Microseconds since 1970. After the machine's clock was set: the later of the times that follow from it and from the monotonic clock,
   * until the next measurement, so that no record is refused because a clock was set.
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

  /** Asks the database now. Never throws: without an answer the last measurement stays. */
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
      // Assumes that the answer took half of the round trip.
      const at = told + Math.round((monotonic - asked) * 500)
      this.#known = { offset: at - this.#local.now(), at, monotonic }
    } catch {
      // An unreachable database is reported by reads and writes.
    }
  }
}

/** The server's time, in microseconds since 1970. @throws errors of the pool, unclassified */
export async function databaseTime(pool: Pick<Pool, 'query'>): Promise<Micros> {
  const text = 'select (extract(epoch from clock_timestamp()) * 1000000)::bigint::text as now'
  const { rows } = await pool.query<{ now: string }>(text)
  return Number(rows[0]?.now)
}
