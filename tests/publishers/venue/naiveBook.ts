import type { BookLevel, BookLevels } from '../../../lib/src/publishers/venue/book/message.ts'

type Side = Map<string, readonly [price: string, size: string, figure: number]>

/** An order book as simple as can be: two maps, sorted when read. Prices in it are told apart by floats, so it is for test prices alone. */
export class NaiveBook {
  readonly #sides: Record<'bids' | 'asks', Side> = { bids: new Map(), asks: new Map() }

  reset(levels: BookLevels): void {
    this.#sides.bids.clear()
    this.#sides.asks.clear()
    this.apply(levels)
  }

  apply(levels: BookLevels): void {
    for (const side of ['bids', 'asks'] as const) for (const level of levels[side]) this.#change(this.#sides[side], level)
  }

  /** Removes the levels beyond the best `count`. */
  cut(count: number): void {
    for (const side of ['bids', 'asks'] as const)
      for (const [, , figure] of this.#best(side, Number.POSITIVE_INFINITY).slice(count)) this.#sides[side].delete(String(figure))
  }

  top(count: number): { bids: [string, string][]; asks: [string, string][] } {
    const texts = (side: 'bids' | 'asks'): [string, string][] => this.#best(side, count).map(([price, size]) => [price, size])
    return { bids: texts('bids'), asks: texts('asks') }
  }

  #change(side: Side, [price, size]: BookLevel): void {
    const figure = Number(price)
    if (Number(size) === 0) side.delete(String(figure))
    else side.set(String(figure), [price, size, figure])
  }

  #best(side: 'bids' | 'asks', count: number): (readonly [string, string, number])[] {
    const better = side === 'bids' ? (a: number, b: number) => a > b : (a: number, b: number) => a < b
    if (count > 100) return [...this.#sides[side].values()].sort((a, b) => (better(a[2], b[2]) ? -1 : 1))
    const best: (readonly [string, string, number])[] = []
    for (const level of this.#sides[side].values()) {
      const worst = best[count - 1]
      if (worst && !better(level[2], worst[2])) continue
      let at = best.length
      while (at > 0 && better(level[2], (best[at - 1] as typeof level)[2])) at--
      best.splice(at, 0, level)
      best.length = Math.min(best.length, count)
    }
    return best
  }
}
