import { type HistoryWindow, type Micros, type SeriesProof, SILENCE, type Span, subtract, union } from '../../../base/index.ts'

/** Pieces that are kept before they are put together. */
const MANY = 1000

/** The part of a window that came: follows the times of its records, in whatever order. */
export class Arrivals {
  readonly #window: HistoryWindow
  readonly #proof: SeriesProof
  /** How far apart two neighbours may be. */
  readonly #limit: Micros
  /** Each from its first record to as far behind its last as the next may be. */
  #pieces: { from: Micros; to: Micros }[] = []
  readonly #keys = new Set<string | number>()
  #overwritten = 0

  constructor(window: HistoryWindow, proof: SeriesProof) {
    this.#window = window
    this.#proof = proof
    this.#limit = proof === 'timeframe' ? window.spacing : SILENCE * window.spacing
  }

  get #rhythmic(): boolean {
    return this.#proof === 'timeframe' || this.#proof === 'cadence'
  }

  /** How many records there are, each key once. */
  get count(): number {
    return this.#keys.size
  }

  /** Records of a key that another had already. */
  get overwritten(): number {
    return this.#overwritten
  }

  /** @param key tells a record of the series from the others */
  add(time: Micros, key: string | number = time): void {
    if (this.#keys.has(key)) this.#overwritten++
    this.#keys.add(key)
    if (!this.#rhythmic) return
    const last = this.#pieces.at(-1)
    const to = time + this.#limit
    if (last && time >= last.from && time <= last.to) last.to = Math.max(last.to, to)
    else this.#pieces.push({ from: time, to })
    if (this.#pieces.length > MANY) this.#pieces = union(this.#pieces).map((piece) => ({ ...piece }))
  }

  /**
   * What is held now, and what of the window is not: of candles every bar that is missing, of prices every silence longer than
   * three times the distance at which they come. Of records that come when something happens a silence is none: the window is held,
   * or the provider has nothing of it.
   */
  result(): { readonly held: readonly Span[]; readonly empty: readonly Span[] } {
    const { from, to } = this.#window
    const whole = [{ from, to }]
    if (!this.#rhythmic) return this.count > 0 ? { held: whole, empty: [] } : { held: [], empty: whole }
    const held = union(this.#pieces).map((piece): Span => {
      // A bar is held as a whole, to its end.
      if (this.#proof === 'timeframe') return piece
      const first = piece.from - from <= this.#limit ? from : piece.from
      // The limit behind the last price is the next one's, unless the window ends within it.
      return { from: first, to: piece.to >= to ? to : piece.to - this.#limit + 1 }
    })
    return { held, empty: subtract(whole, held) }
  }
}
