import type { BookMessage } from './message.ts'

/**
 * Deltas that wait for a snapshot. Bounded by their level changes: beyond, the oldest go, since a snapshot that is still to come is newer
 * than they are. A snapshot that is not finds a gap, and another one is asked for.
 */
export class HeldDeltas {
  readonly #maxChanges: number
  #deltas: BookMessage[] = []
  #changes = 0

  constructor(maxChanges: number) {
    this.#maxChanges = maxChanges
  }

  get length(): number {
    return this.#deltas.length
  }

  push(delta: BookMessage): void {
    this.#deltas.push(delta)
    this.#changes += weight(delta)
    let drop = 0
    while (this.#changes > this.#maxChanges && drop < this.#deltas.length - 1) this.#changes -= weight(this.#deltas[drop++])
    if (drop > 0) this.#deltas.splice(0, drop)
  }

  /** The deltas in the order of their numbers: two connections may bring them crosswise. */
  inOrder(): readonly BookMessage[] {
    return this.#deltas.toSorted((a, b) => (a.last ?? 0) - (b.last ?? 0))
  }

  clear(): void {
    this.#deltas = []
    this.#changes = 0
  }
}

/** An empty delta costs memory too. */
const weight = (delta: BookMessage | undefined): number => (delta ? delta.bids.length + delta.asks.length + 1 : 0)
