/** Lets a producer append up to a number, which grows. */
export class Gate {
  #limit = 0
  #waiting: PromiseWithResolvers<void> | undefined

  open(limit: number): void {
    this.#limit = Math.max(this.#limit, limit)
    this.#waiting?.resolve()
    this.#waiting = undefined
  }

  async pass(produced: number): Promise<void> {
    while (produced > this.#limit) {
      this.#waiting ??= Promise.withResolvers<void>()
      await this.#waiting.promise
    }
  }
}
