import { QiError } from '../../../lib/src/base/types/index.ts'
import { LOOPBACK } from '../connections.ts'

export interface SeatLimits {
  /** Most authorized connections at once. */
  readonly clients: number
  /** Most connections at once that have not sent their token yet; they have seats of their own. */
  readonly unauthorized: number
  /** Most of these for one address; loopback has no limit of its own. */
  readonly unauthorizedPerAddress: number
}

/** Limits the live clients over WebSocket and server-sent events. Clients without a token yet have few seats of their own. */
export class Seats {
  readonly #limits: SeatLimits
  readonly #waiting = new Map<string, number>()
  #waitingInAll = 0
  #seated = 0

  constructor(limits: SeatLimits) {
    this.#limits = limits
  }

  /** @throws QiError RATE_LIMITED if there is no seat left */
  expectRoom(address: string, authorized: boolean): void {
    const { clients, unauthorized, unauthorizedPerAddress } = this.#limits
    if (authorized) {
      if (this.#seated >= clients) throw full(`too many live clients (${clients}): try again later`)
      return
    }
    const ofAddress = address === LOOPBACK ? unauthorized : unauthorizedPerAddress
    if (this.#waitingInAll >= unauthorized || (this.#waiting.get(address) ?? 0) >= ofAddress)
      throw full('too many WebSocket clients without a token: send the token in the Authorization header, or try again later')
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
