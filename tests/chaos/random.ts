/** Random choices that a seed repeats. A fork has a sequence of its own, so that what one part draws does not shift the others. */
export class Random {
  readonly #seed: string
  #state: number

  constructor(seed: number | string) {
    this.#seed = String(seed)
    this.#state = hash(this.#seed)
  }

  fork(name: string): Random {
    return new Random(`${this.#seed}/${name}`)
  }

  /** In [0, 1): mulberry32. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let t = this.#state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }

  /** A whole number in [from, below). */
  integer(from: number, below: number): number {
    return from + Math.floor(this.next() * (below - from))
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  shuffled<T>(items: readonly T[]): T[] {
    const left = [...items]
    return items.map(() => left.splice(this.integer(0, left.length), 1)[0] as T)
  }
}

/** FNV-1a. */
function hash(text: string): number {
  let value = 0x811c9dc5
  for (const character of text) value = Math.imul(value ^ (character.codePointAt(0) as number), 0x01000193)
  return value >>> 0
}
