import { type HistoryWindow, type Micros, SILENCE, type Span, subtract, union } from '../../../base/index.ts'

/** Pieces that are kept before they are put together. */
const MANY = 1000

/** The part of a window that came: follows the times of its records, in whatever order. */
export class Arrivals {
  readonly #window: HistoryWindow
  readonly #candles: boolean
  /** How far apart two neighbours may be. */
  readonly #limit: Micros
  /** Each from its first record to as far behind its last as the next may be. */
  #pieces: { from: Micros; to: Micros }[] = []
  readonly #times = new Set<Micros>()
  #overwritten = 0

  constructor(window: HistoryWindow, candles: boolean) {
    this.#window = window
    this.#candles = candles
    this.#limit = candles ? window.spacing : SILENCE * window.spacing
  }

  /** How many records there are, each time once: it tells a record of a series from the others. */
  get count(): number {
    return this.#times.size
  }

  /** Records of a time that another had already. */
  get overwritten(): number {
    return this.#overwritten
  }

  add(time: Micros): void {
    if (this.#times.has(time)) this.#overwritten++
    this.#times.add(time)
    const last = this.#pieces.at(-1)
    const to = time + this.#limit
    if (last && time >= last.from && time <= last.to) last.to = Math.max(last.to, to)
    else this.#pieces.push({ from: time, to })
    if (this.#pieces.length > MANY) this.#pieces = union(this.#pieces).map((piece) => ({ ...piece }))
  }

  /**
   * What is held now, and what of the window is not: of candles every bar that is missing, of prices every silence longer than
   * three times the distance at which they come.
   */
  result(): { readonly held: readonly Span[]; readonly empty: readonly Span[] } {
    const { from, to } = this.#window
    const held = union(this.#pieces).map((piece): Span => {
      // A bar is held as a whole, to its end.
      if (this.#candles) return piece
      const first = piece.from - from <= this.#limit ? from : piece.from
      // The limit behind the last price is the next one's, unless the window ends within it.
      return { from: first, to: piece.to >= to ? to : piece.to - this.#limit + 1 }
    })
    return { held, empty: subtract([{ from, to }], held) }
  }
}
