/** Wakes everybody who waits when something changed. A fire() that nobody waits for is not remembered. */
export class Signal {
  #waiters: (() => void)[] = []

  wait(): Promise<void> {
    return new Promise((resolve) => this.#waiters.push(resolve))
  }

  fire(): void {
    const waiters = this.#waiters
    this.#waiters = []
    for (const resolve of waiters) resolve()
  }
}
