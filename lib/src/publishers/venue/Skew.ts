import type { Logger, Trade } from '../../base/types/index.ts'

/** A market time this far after its arrival means that this machine's clock is slow. */
const MOST_AHEAD = 2_000_000

/** Tells once that the clock of this machine is slow, by trades that came before they happened. */
export class Skew {
  readonly #peer: string
  readonly #logger: Logger
  #told = false

  constructor(peer: string, logger: Logger) {
    this.#peer = peer
    this.#logger = logger
  }

  compare({ time, receivedAt }: Pick<Trade, 'time' | 'receivedAt'>): void {
    const ahead = time - receivedAt
    if (this.#told || ahead <= MOST_AHEAD) return
    this.#told = true
    this.#logger.warn(
      { ahead_ms: Math.round(ahead / 1000) },
      `${this.#peer}'s clock is ${(ahead / 1e6).toFixed(1)} s ahead of this machine's: set this machine's clock by NTP`,
    )
  }
}
