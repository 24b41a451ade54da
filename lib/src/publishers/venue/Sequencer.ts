import type { Micros, NumberRange, Trade } from '../../base/types/index.ts'
import type { TradeRange } from './types.ts'

/** Gap before the held trades of an instrument. */
export interface Gap extends TradeRange {
  readonly coinId: string
}

export interface SequencerOptions {
  /** Called with trades in their order; `live` or from a fill. */
  readonly emit: (trades: readonly Trade[]) => void
  /** Called when numbers are missing before a trade that came. The answer comes by `filled` and `fillEnded`. */
  readonly onGap: (gap: Gap) => void
  /** Trades of one instrument held behind a gap; more go out at once, and the gap is filled beside them. */
  readonly mostHeld?: number
}

const MOST_HELD = 20_000
/** Ranges remembered as missing, by instrument. */
const MOST_MISSING = 100

interface State {
  /** The first number of this run: an older trade is passed on, since nothing of it is known. */
  first: number
  /** Everything from `first` to `last` was passed on, or is in `missing`. */
  last: number
  /** Time of the trade `last`. */
  lastTime: Micros
  /** The gap that is being filled, behind `last`. */
  gap: NumberRange | undefined
  /** Trades behind the gap, by number. */
  readonly held: Map<number, Trade>
  /** Ranges at or below `last` that did not come yet. */
  missing: NumberRange[]
}

/**
 * Puts the trades of numbered instruments in order: each number once, a gap is reported and held until it is filled.
 *
 * | state of an instrument | entered by | left by |
 * |---|---|---|
 * | unknown | nothing came, and nothing is stored | the first trade, or `startAfter` → joined |
 * | joined | the next number comes | a number is skipped → filling |
 * | filling | as above; trades are held | the gap is filled, given up, or too many are held → joined |
 */
export class Sequencer {
  readonly #options: SequencerOptions
  readonly #states = new Map<string, State>()

  constructor(options: SequencerOptions) {
    this.#options = options
  }

  /** Continues behind a stored number. */
  startAfter(coinId: string, sequence: number, time: Micros): void {
    this.#states.set(coinId, newState(sequence + 1, time))
  }

  /** The greatest number that was passed on, or skipped for good. */
  last(coinId: string): number | undefined {
    const state = this.#states.get(coinId)
    return state && state.last >= state.first ? state.last : undefined
  }

  /** Trades of one message. */
  take(trades: readonly Trade[]): void {
    const [first] = trades
    if (first === undefined) return
    // Nearly every message holds one trade, or several of one instrument in order.
    if (trades.length === 1) this.#takeOne(first)
    else for (const trade of byNumber(trades)) this.#takeOne(trade)
  }

  /** The venue's last number, told without the trade. */
  tellLast(coinId: string, sequence: number, time: Micros): void {
    const state = this.#states.get(coinId)
    if (state && sequence > state.last && state.held.size === 0) this.#open(coinId, state, sequence, time)
  }

  /** True if a number of a gap did not come yet. */
  isMissing({ coinId, last }: Gap): boolean {
    const state = this.#states.get(coinId)
    return state !== undefined && state.last < last
  }

  /** Trades of a fill. */
  filled(trades: readonly Trade[]): void {
    for (const trade of byNumber(trades)) {
      const state = this.#states.get(trade.coinId)
      const number = trade.sequence as number
      if (!state) this.#options.emit([trade])
      else if (number === state.last + 1) {
        moveTo(state, trade)
        this.#options.emit([trade])
      } else if (number > state.last) state.held.set(number, trade)
      else if (takeMissing(state, number) || number < state.first) this.#options.emit([trade])
    }
    const [first] = trades
    const state = first && this.#states.get(first.coinId)
    if (first && state) this.#advance(first.coinId, state)
  }

  /** The fill of a gap gives nothing more: numbers that did not come are missing, and live trades go on. */
  fillEnded({ coinId, last }: Pick<Gap, 'coinId' | 'last'>): void {
    const state = this.#states.get(coinId)
    // The next gap may have been opened by the last trade of this one.
    if (state?.gap === undefined || state.gap.first > last) return
    this.#join(state)
    this.#advance(coinId, state)
  }

  #takeOne(trade: Trade): void {
    const { coinId } = trade
    const number = trade.sequence
    if (number === undefined) {
      this.#options.emit([trade])
      return
    }
    const state = this.#states.get(coinId)
    if (!state) {
      const fresh = newState(number, trade.time)
      fresh.last = number
      this.#states.set(coinId, fresh)
      this.#options.emit([trade])
      return
    }
    if (number === state.last + 1) {
      moveTo(state, trade)
      this.#options.emit([trade])
      if (state.held.size > 0) this.#advance(coinId, state)
      return
    }
    if (number <= state.last) {
      if (number < state.first || takeMissing(state, number)) this.#options.emit([trade])
      return
    }
    state.held.set(number, trade)
    if (state.held.size > (this.#options.mostHeld ?? MOST_HELD)) {
      this.#join(state)
      this.#advance(coinId, state)
    } else this.#open(coinId, state, number - 1, trade.time)
  }

  #open(coinId: string, state: State, last: number, to: Micros): void {
    if (state.gap) return
    state.gap = { first: state.last + 1, last }
    this.#options.onGap({ coinId, ...state.gap, from: state.lastTime, to })
  }

  /** Passes on the held trades that follow, and opens the next gap if there is one. */
  #advance(coinId: string, state: State): void {
    const ready: Trade[] = []
    for (let next = state.held.get(state.last + 1); next; next = state.held.get(state.last + 1)) {
      state.held.delete(state.last + 1)
      moveTo(state, next)
      ready.push(next)
    }
    if (ready.length > 0) this.#options.emit(ready)
    if (state.gap && state.last >= state.gap.last) state.gap = undefined
    if (!state.gap && state.held.size > 0) {
      const next = firstHeld(state)
      this.#open(coinId, state, next - 1, (state.held.get(next) as Trade).time)
    }
  }

  /** Gives up waiting: what is missing below the first held trade is remembered, so that it is taken when it comes. */
  #join(state: State): void {
    const { last } = state
    const until = state.held.size > 0 ? firstHeld(state) - 1 : (state.gap?.last ?? last)
    state.gap = undefined
    if (until <= last) return
    state.missing.push({ first: last + 1, last: until })
    // Forgotten ranges count as unknown, not as passed on: a trade of theirs is taken when it comes.
    if (state.missing.length > MOST_MISSING) state.first = (state.missing.shift() as NumberRange).last + 1
    state.last = until
  }
}

const newState = (first: number, lastTime: Micros): State => ({
  first,
  last: first - 1,
  lastTime,
  gap: undefined,
  held: new Map(),
  missing: [],
})

function moveTo(state: State, { sequence, time }: Trade): void {
  state.last = sequence as number
  state.lastTime = time
}

function firstHeld({ held }: State): number {
  let first = Number.POSITIVE_INFINITY
  for (const number of held.keys()) if (number < first) first = number
  return first
}

const byNumber = (trades: readonly Trade[]): readonly Trade[] => {
  for (let i = 1; i < trades.length; i++)
    if (((trades[i] as Trade).sequence ?? 0) < ((trades[i - 1] as Trade).sequence ?? 0))
      return [...trades].sort((a, b) => (a.sequence ?? 0) - (b.sequence ?? 0))
  return trades
}

/** True if the number was missing; it is not any more. */
function takeMissing(state: State, number: number): boolean {
  const at = state.missing.findIndex(({ first, last }) => number >= first && number <= last)
  if (at === -1) return false
  const { first, last } = state.missing[at] as NumberRange
  const rest = [
    { first, last: number - 1 },
    { first: number + 1, last },
  ].filter((range) => range.first <= range.last)
  state.missing.splice(at, 1, ...rest)
  return true
}
