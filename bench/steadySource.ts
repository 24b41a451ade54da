import { setTimeout as sleep } from 'node:timers/promises'
import {
  type CheckResult,
  decimal,
  type Price,
  price as priceType,
  type RecordBatch,
  type RecordType,
  type Source,
} from '../lib/src/base/types/index.ts'

/** Records a second, and how many come before any is measured. */
export const PER_SECOND = 1000
export const WARM_UP = 3 * PER_SECOND

export const STEADY_COINS = 24
export const steadyCoin = (i: number): string => `steady-${i % STEADY_COINS}`

const ONE = decimal('1.5')

/** Now, to the microsecond, never twice the same. */
export function clock(): () => number {
  let last = 0
  return () => {
    last = Math.max(last + 1, Math.round((performance.timeOrigin + performance.now()) * 1000))
    return last
  }
}

/** A source of prices at a steady rate, each at the time at which it was made. */
export class SteadySource implements Source {
  readonly name = 'bench'
  sent = 0
  readonly #perSecond: number
  readonly #total: number

  constructor(perSecond: number, total: number) {
    this.#perSecond = perSecond
    this.#total = total
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<RecordBatch> {
    const now = clock()
    const started = performance.now()
    while (this.sent < this.#total) {
      const due = Math.min(this.#total, Math.floor(((performance.now() - started) * this.#perSecond) / 1000))
      const records: Price[] = []
      for (; this.sent < due; this.sent++) {
        const time = now()
        const common = { source: this.name, time, receivedAt: time, origin: 'simulated', currency: 'usd', price: ONE } as const
        records.push({ coinId: steadyCoin(this.sent), ...common })
      }
      if (records.length > 0) yield { type: priceType as unknown as RecordType, records }
      await sleep(1)
    }
  }

  async check(): Promise<CheckResult> {
    return { ok: true, summary: 'makes prices' }
  }

  async close(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {}
}
