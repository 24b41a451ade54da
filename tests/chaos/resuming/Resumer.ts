import { setTimeout } from 'node:timers/promises'
import { until } from '../../support/until.ts'
import type { Random } from '../random.ts'
import type { Connect, Connection, Message } from './clients.ts'

/** A record as it came: which one, and of which coin. */
interface Row {
  readonly coin_id: string
  readonly price: string
}

export interface ResumerParts {
  readonly name: string
  readonly connect: Connect
  /** Where the server is now. */
  readonly url: () => string
  /** A time before the first record. */
  readonly since: string
  readonly random: Random
  /** Records produced so far; infinite once no more will come. */
  readonly produced: () => number
  /** Most records between two cuts, and while it is away. */
  readonly stretch: number
}

/** A client that keeps the token of the last message that it has processed, is cut again and again, and goes on from there. */
export class Resumer {
  readonly #parts: ResumerParts
  /** How often each record came, by its number. */
  readonly counts = new Map<number, number>()
  readonly problems: string[] = []
  #from: string
  #received = 0
  #cuts = 0
  #wake = Promise.withResolvers<void>()
  readonly #newest = new Map<string, number>()

  constructor(parts: ResumerParts) {
    this.#parts = parts
    this.#from = parts.since
  }

  get name(): string {
    return this.#parts.name
  }

  get received(): number {
    return this.#received
  }

  /** How often it was cut: by itself. */
  get cuts(): number {
    return this.#cuts
  }

  /** Goes on until it was cut so many times, then until `enough`. */
  async run(cuts: number, enough: () => boolean): Promise<void> {
    const { random, stretch, produced } = this.#parts
    while (this.#cuts < cuts) {
      // Now and then before anything came.
      const wanted = this.#received + (random.chance(0.1) ? 0 : random.integer(1, stretch))
      const connection = this.#connect()
      if (!(await this.#until(connection, () => this.#received >= wanted))) continue
      connection.cut()
      this.#cuts++
      const away = produced() + (random.chance(0.2) ? 0 : random.integer(0, stretch))
      await until(() => produced() >= away, 'more records to be produced')
    }
    for (;;) {
      const connection = this.#connect()
      if (await this.#until(connection, enough)) return connection.cut()
    }
  }

  #connect(): Connection {
    const { connect, url } = this.#parts
    return connect(url(), this.#from, (message) => {
      this.#process(message)
      this.#wake.resolve()
      this.#wake = Promise.withResolvers()
    })
  }

  /** @returns false where the connection ended before */
  async #until(connection: Connection, holds: () => boolean): Promise<boolean> {
    let ended = false
    const over = connection.ended.then(() => {
      ended = true
    })
    while (!holds()) {
      if (ended) {
        await setTimeout(50)
        return false
      }
      await Promise.race([this.#wake.promise, over])
    }
    return true
  }

  #process({ type, data, resume, ...rest }: Message): void {
    if (type === 'record') this.#add(data as Row)
    else if (type === 'records') for (const row of data as Row[]) this.#add(row)
    else if (type === 'dropped' || type === 'gone' || type === 'error')
      this.problems.push(`${this.name} was told ${type}: ${JSON.stringify(rest)}`)
    if (resume !== undefined) this.#from = resume
  }

  #add({ coin_id: coin, price }: Row): void {
    const number = Math.floor(Number(price))
    this.#received++
    this.counts.set(number, (this.counts.get(number) ?? 0) + 1)
    const before = this.#newest.get(coin) ?? 0
    if (number < before) this.problems.push(`${this.name}: ${coin} ${number} came after ${before}`)
    this.#newest.set(coin, number)
  }
}
