/** Lets one side wait until the other says that something changed. */
export class Changed {
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
