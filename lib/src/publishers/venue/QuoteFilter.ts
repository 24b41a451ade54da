import type { Clock } from '../../base/networking/index.ts'
import type { Quote } from '../../base/types/index.ts'

interface State {
  /** The last quote that came. */
  last: Quote
  /** Milliseconds when one was passed on. */
  sentAt: number
  waiting: boolean
}

/** A smaller number this much later is the start of a new count, as after maintenance of a venue, and no late repeat. */
const RESTART_MICROS = 10_000_000

/**
 * Passes on one quote of an instrument per interval, always the latest, and no quote twice. Quotes of a venue without numbers get a
 * counter within one time as `sequence`.
 */
export class QuoteFilter {
  readonly #everyMs: number
  readonly #numbered: boolean
  readonly #clock: Clock
  readonly #emit: (quotes: readonly Quote[]) => void
  readonly #signal: AbortSignal
  readonly #states = new Map<string, State>()

  /** @param numbered true if the venue's sequence grows with each change */
  constructor(everyMs: number, numbered: boolean, emit: (quotes: readonly Quote[]) => void, clock: Clock, signal: AbortSignal) {
    this.#everyMs = everyMs
    this.#numbered = numbered
    this.#emit = emit
    this.#clock = clock
    this.#signal = signal
  }

  take(quotes: readonly Quote[]): void {
    for (const quote of quotes) this.#take(quote)
  }

  #take(quote: Quote): void {
    const state = this.#states.get(quote.coinId)
    const now = this.#clock.now()
    if (!state) {
      this.#states.set(quote.coinId, { last: quote, sentAt: now, waiting: false })
      this.#emit([quote])
      return
    }
    const next = this.#following(state.last, quote)
    if (!next) return
    state.last = next
    if (now - state.sentAt >= this.#everyMs) this.#send(state, now)
    else if (!state.waiting) {
      state.waiting = true
      this.#clock.sleep(this.#everyMs - (now - state.sentAt), this.#signal).then(
        () => this.#send(state, this.#clock.now()),
        () => this.#send(state, this.#clock.now()),
      )
    }
  }

  #send(state: State, now: number): void {
    state.waiting = false
    state.sentAt = now
    this.#emit([state.last])
  }

  /** The quote with its number, or undefined if it is a repeat or older. */
  #following(last: Quote, quote: Quote): Quote | undefined {
    if (this.#numbered) {
      const restarted = quote.sequence < last.sequence && quote.time > last.time + RESTART_MICROS
      return quote.sequence > last.sequence || restarted ? quote : undefined
    }
    if (quote.time < last.time) return undefined
    if (quote.bid === last.bid && quote.ask === last.ask && quote.bidSize === last.bidSize && quote.askSize === last.askSize)
      return undefined
    return quote.time === last.time ? { ...quote, sequence: last.sequence + 1 } : quote
  }
}
