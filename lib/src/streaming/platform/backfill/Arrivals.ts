import {
  type HistoryWindow,
  type Micros,
  type SeriesProof,
  SILENCE,
  type Span,
  subtract,
  union,
} from '../../../base/types/index.ts'

/** Most pieces before they are merged. */
const MOST_PIECES = 1000

/** Tracks which part of a window has arrived, by the times of its records in any order. */
export class Arrivals {
  readonly #window: HistoryWindow
  readonly #proof: SeriesProof
  /** Longest distance between neighbours without a gap. */
  readonly #limit: Micros
  /** Each from its first record to the latest time at which the next record would follow without a gap. */
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

  /** Number of distinct keys. */
  get count(): number {
    return this.#keys.size
  }

  /** Number of records whose key had arrived already. */
  get overwritten(): number {
    return this.#overwritten
  }

  /** @param key identifies the record within its series */
  add(time: Micros, key: string | number = time): void {
    if (this.#keys.has(key)) this.#overwritten++
    this.#keys.add(key)
    if (!this.#rhythmic) return
    const last = this.#pieces.at(-1)
    const to = time + this.#limit
    if (last && time >= last.from && time <= last.to) last.to = Math.max(last.to, to)
    else this.#pieces.push({ from: time, to })
    if (this.#pieces.length > MOST_PIECES) this.#pieces = union(this.#pieces).map((piece) => ({ ...piece }))
  }

  /**
   * The parts of the window that are held and that are empty. Empty are: of candles every missing bar; of prices every silence of more
   * than three times their usual distance. Records without a rhythm, such as trades, have no silence: the window is held if any came,
   * else empty.
   */
  result(): { readonly held: readonly Span[]; readonly empty: readonly Span[] } {
    const { from, to } = this.#window
    const whole = [{ from, to }]
    if (!this.#rhythmic) return this.count > 0 ? { held: whole, empty: [] } : { held: [], empty: whole }
    const held = union(this.#pieces).map((piece): Span => {
      // A bar is held to its end.
      if (this.#proof === 'timeframe') return piece
      const first = piece.from - from <= this.#limit ? from : piece.from
      // The time behind the last price belongs to the next one, unless the window ends before.
      return { from: first, to: piece.to >= to ? to : piece.to - this.#limit + 1 }
    })
    return { held, empty: subtract(whole, held) }
  }
}
