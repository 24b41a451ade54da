import type { Micros } from '../../../../base/types/index.ts'
import type { BookLevel } from '../../../venue/index.ts'

/** A message of `orderbook.1`. */
export interface TopUpdate {
  readonly symbol: string
  readonly kind: 'snapshot' | 'delta'
  readonly number: number
  readonly time: Micros
  readonly bids: readonly BookLevel[]
  readonly asks: readonly BookLevel[]
}

/** The best level of both sides; undefined for an empty one. */
export interface Top {
  readonly number: number
  readonly time: Micros
  readonly bid: BookLevel | undefined
  readonly ask: BookLevel | undefined
}

/**
 * The best levels by symbol: a change may leave out the side that stays. Both feeds of a twin bring the same messages, so those that are
 * not newer are passed over.
 */
export class Tops {
  readonly #tops = new Map<string, Top>()

  /** The best levels after a message; undefined if it brings nothing new, or a message before it is missing. */
  take({ symbol, kind, number, time, bids, asks }: TopUpdate): Top | undefined {
    const known = this.#tops.get(symbol)
    if (kind === 'snapshot') {
      // Number 1 is the start of a new count.
      if (known && number <= known.number && time <= known.time) return undefined
      return this.#keep(symbol, { number, time, bid: bids[0], ask: asks[0] })
    }
    if (!known || number <= known.number) return undefined
    if (number > known.number + 1) {
      this.#tops.delete(symbol)
      return undefined
    }
    return this.#keep(symbol, { number, time, bid: changed(known.bid, bids), ask: changed(known.ask, asks) })
  }

  #keep(symbol: string, top: Top): Top {
    this.#tops.set(symbol, top)
    return top
  }
}

function changed(level: BookLevel | undefined, changes: readonly BookLevel[]): BookLevel | undefined {
  let best = level
  for (const change of changes) {
    if (!isZero(change[1])) best = change
    else if (best && best[0] === change[0]) best = undefined
  }
  return best
}

const isZero = (size: string): boolean => /^[0.]+$/.test(size)
