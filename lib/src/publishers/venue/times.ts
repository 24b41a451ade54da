import { type Micros, parsePlainTime, parseTime, QiError } from '../../base/types/index.ts'

const FINE = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6})\d+(Z|[+-]\d\d:\d\d)$/

/**
 * Microseconds of an ISO 8601 time of a venue; digits beyond the sixth are cut, because the same trade comes with more of them on one way
 * than on another.
 * @throws QiError BAD_DATA
 */
export function floorMicros(text: string): Micros {
  const plain = parsePlainTime(text)
  if (plain !== undefined) return plain
  const fine = FINE.exec(text)
  return parseTime(fine ? `${fine[1]}${fine[2]}` : text)
}

/** 2000-01-01 and 2255 in milliseconds: a count outside is of another unit. */
const EARLIEST_MS = 946_684_800_000
const LATEST_MS = 9_007_199_254_740

/** Microseconds of a count of milliseconds since 1970, as a number or its text. @throws QiError BAD_DATA */
export function millis(value: number | string): Micros {
  const count = typeof value === 'number' ? value : Number(value)
  if (!Number.isInteger(count) || count < EARLIEST_MS || count > LATEST_MS)
    throw new QiError('BAD_DATA', `time ${String(value).slice(0, 40)} is no time in milliseconds since 1970`)
  return count * 1000
}

/** Microseconds, rounded down to whole milliseconds. */
export const floorMillis = (time: Micros): Micros => Math.floor(time / 1000) * 1000

const SECONDS = /^(\d{9,11})(?:\.(\d+))?$/

/** Microseconds of seconds since 1970 as text, such as `1672515782.136414851`; digits beyond the sixth are cut. @throws QiError BAD_DATA */
export function secondsText(text: string): Micros {
  const [, whole, fraction = ''] = SECONDS.exec(text) ?? []
  if (whole === undefined) throw new QiError('BAD_DATA', `time ${text.slice(0, 40)} is no time in seconds since 1970`)
  return Number(whole) * 1_000_000 + Number(fraction.slice(0, 6).padEnd(6, '0'))
}

/** Deviation from the system's clock that is a step, and no drift. */
const STEP_MICROS = 50_000

/**
 * The time of arrival in microseconds. The system's clock counts milliseconds and may step back; this one goes on by the monotonic clock
 * and follows the system's once they differ by more than 50 ms.
 */
export class ArrivalClock {
  #base = performance.timeOrigin
  #checked = 0

  now(): Micros {
    const monotonic = performance.now()
    if (monotonic - this.#checked > 1000) {
      this.#checked = monotonic
      const off = Date.now() - (this.#base + monotonic)
      if (Math.abs(off) * 1000 > STEP_MICROS) this.#base += off
    }
    return Math.floor((this.#base + monotonic) * 1000)
  }
}
