import type { Clock } from '../../base/networking/index.ts'
import { type Micros, type Ohlcv, timeframeMicros } from '../../base/types/index.ts'

/** Running bars go out this often; the final bar at once. */
const RUNNING_EVERY_MS = 1000
/** A bar without a flag is final this long after its end: its last trades have come by then. */
const SETTLE_MICROS = 5_000_000

interface State {
  bar: Ohlcv
  sentAt: number
  closing: boolean
}

export interface CandleCloserOptions {
  /** True if the venue flags the final bar. */
  readonly flagged: boolean
  readonly emit: (bars: readonly Ohlcv[]) => void
  /** Called when final bars are missing between two that came. */
  readonly onGap: (after: Ohlcv, before: Ohlcv) => void
  readonly clock: Clock
  readonly now: () => Micros
  readonly signal: AbortSignal
}

/** Tells the final bars of a venue, passes running bars on once a second, and reports bars that were skipped. */
export class CandleCloser {
  readonly #options: CandleCloserOptions
  readonly #states = new Map<string, State>()

  constructor(options: CandleCloserOptions) {
    this.#options = options
  }

  take(bars: readonly Ohlcv[]): void {
    for (const bar of bars) this.#take(bar)
  }

  #take(bar: Ohlcv): void {
    const { emit, onGap, clock } = this.#options
    const key = `${bar.coinId} ${bar.timeframe}`
    const state = this.#states.get(key)
    const now = clock.now()
    if (!state) {
      this.#keep({ bar, sentAt: now, closing: false }, key)
      emit([bar])
      return
    }
    const last = state.bar
    // A twin's later message may be older than what came already; a final bar stays final.
    if (bar.time < last.time || (bar.time === last.time && last.isFinal)) return
    if (bar.time > last.time) {
      const length = timeframeMicros(bar.timeframe)
      if (!last.isFinal && !this.#options.flagged) this.#final(state)
      if (!state.bar.isFinal || bar.time > last.time + length) onGap(last, bar)
    }
    state.bar = bar
    if (bar.isFinal || bar.time > last.time || now - state.sentAt >= RUNNING_EVERY_MS) {
      state.sentAt = now
      emit([bar])
    }
    if (bar.time > last.time) this.#keep(state, key)
  }

  #keep(state: State, key: string): void {
    this.#states.set(key, state)
    if (!this.#options.flagged) void this.#closeLater(state)
  }

  /** Closes a bar whose successor does not come, as on a quiet market. */
  async #closeLater(state: State): Promise<void> {
    const { clock, now, signal } = this.#options
    const { time, timeframe } = state.bar
    const wait = time + timeframeMicros(timeframe) + SETTLE_MICROS - now()
    await clock.sleep(Math.max(0, wait / 1000), signal).catch(() => {})
    if (!signal.aborted && state.bar.time === time && !state.bar.isFinal) this.#final(state)
  }

  #final(state: State): void {
    const { emit, now } = this.#options
    state.bar = { ...state.bar, isFinal: true, receivedAt: Math.max(now(), state.bar.receivedAt) }
    emit([state.bar])
  }
}
