import { QiError } from '../../../lib/src/base/index.ts'
import { LOOPBACK } from '../connections.ts'

export interface SeatLimits {
  /** Most connections at once that need no token or showed it. */
  readonly clients: number
  /** Most connections at once that have not shown their token yet: they cannot take the place of the others. */
  readonly unauthorized: number
  /** Of these, most of one address; of loopback as many as there may be at all. */
  readonly unauthorizedPerAddress: number
}

/** Counts the WebSocket clients; those without a token have few seats of their own. */
export class Seats {
  readonly #limits: SeatLimits
  readonly #waiting = new Map<string, number>()
  #waitingInAll = 0
  #seated = 0

  constructor(limits: SeatLimits) {
    this.#limits = limits
  }

  /** @throws QiError RATE_LIMITED where there is no room for one more */
  expectRoom(address: string, authorized: boolean): void {
    const { clients, unauthorized, unauthorizedPerAddress } = this.#limits
    if (authorized) {
      if (this.#seated >= clients) throw full(`there are ${clients} WebSocket clients already; try again later`)
      return
    }
    const ofAddress = address === LOOPBACK ? unauthorized : unauthorizedPerAddress
    if (this.#waitingInAll >= unauthorized || (this.#waiting.get(address) ?? 0) >= ofAddress)
      throw full('too many WebSocket clients have not shown a token yet: send it in the Authorization header, or try again later')
  }

  take(address: string, authorized: boolean): void {
    if (authorized) this.#seated++
    else this.#count(address, 1)
  }

  leave(address: string, authorized: boolean): void {
    if (authorized) this.#seated--
    else this.#count(address, -1)
  }

  #count(address: string, by: number): void {
    this.#waitingInAll += by
    const count = (this.#waiting.get(address) ?? 0) + by
    if (count > 0) this.#waiting.set(address, count)
    else this.#waiting.delete(address)
  }
}

const full = (message: string): QiError => new QiError('RATE_LIMITED', message, { retryAfterMs: 10_000 })
