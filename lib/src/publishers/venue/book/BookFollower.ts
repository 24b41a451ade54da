import { type Micros, QiError } from '../../../base/types/index.ts'
import { HeldDeltas } from './HeldDeltas.ts'
import type { BookMessage } from './message.ts'
import { OrderBook } from './OrderBook.ts'
import type { BookProtocol, Place } from './protocols.ts'

/** `waiting`: no snapshot yet. `live`: the book is the venue's. `broken`: a message was missing or wrong, and a snapshot is needed. */
export type BookState = 'waiting' | 'live' | 'broken'

/**
 * The effect of a message. `applied`: the book has changed. `ignored`: it brings nothing new, or is of no use without a snapshot. `held`:
 * kept until the snapshot comes. `needsSnapshot`: the caller must fetch one now; a live book goes on meanwhile. `broken`: the caller must
 * resync the book as its protocol says (`resync`); told once, at the message that broke it.
 */
export type Followed =
  | { readonly kind: 'applied' | 'ignored' | 'held' | 'needsSnapshot' }
  | { readonly kind: 'broken'; readonly reason: string }

export interface BookFollowerOptions {
  readonly protocol: BookProtocol
  /** Levels kept per side: the subscribed depth where the venue sends a window. */
  readonly maxLevels: number
  /** Best levels per side that must be known; the book is broken when fewer are left. Default 1; at most a tenth of `maxLevels` without a window. */
  readonly levels?: number
  /** Most level changes held while a snapshot is fetched. Default 10,000: half a minute of BTCUSDT, 2 MB. */
  readonly maxHeld?: number
}

/** A snapshot is fetched while this many times `levels` are still known, so that it comes before the book breaks. */
const REFRESH_AT = 10

const APPLIED: Followed = { kind: 'applied' }
const IGNORED: Followed = { kind: 'ignored' }
const HELD: Followed = { kind: 'held' }
const NEEDS_SNAPSHOT: Followed = { kind: 'needsSnapshot' }

/**
 * Keeps one order book equal to the venue's, and knows when it is not.
 *
 * | state   | snapshot                                            | delta                                                             |
 * |---------|-----------------------------------------------------|-------------------------------------------------------------------|
 * | waiting | → live, or `needsSnapshot` if older than held deltas | held (`needsSnapshot` at the first one), or ignored               |
 * | live    | replaces the book; ignored if older than it         | applied if it is next, ignored if old, else → broken              |
 * |         |                                                     | `needsSnapshot`, once, when few levels of a cut snapshot are left |
 * | broken  | as waiting                                          | held, or ignored                                                  |
 *
 * Pure: no clock, no socket. A broken book costs itself alone, other books of the connection go on.
 */
export class BookFollower {
  readonly protocol: BookProtocol
  readonly book: OrderBook
  readonly #levels: number
  readonly #held: HeldDeltas
  #state: BookState = 'waiting'
  #verified = false
  #last: number | undefined
  #time: Micros | undefined
  #applied = 0
  #resyncs = 0
  /** A live book has asked for a snapshot. Its deltas are also held, since the snapshot may be older than the book by then. */
  #refreshing = false

  constructor({ protocol, maxLevels, levels = 1, maxHeld = 10_000 }: BookFollowerOptions) {
    requireRange(maxLevels, protocol.windowed ? levels : levels * REFRESH_AT, 'maxLevels')
    this.protocol = protocol
    this.book = new OrderBook({ maxLevels, windowed: protocol.windowed })
    this.#levels = levels
    this.#held = new HeldDeltas(maxHeld)
  }

  get state(): BookState {
    return this.#state
  }

  /** True if the book is live and its last message was checked: by its number, by a checksum, or by its connection. */
  get verified(): boolean {
    return this.#state === 'live' && this.#verified
  }

  /** The venue's number of the last message in the book, where it has one. */
  get last(): number | undefined {
    return this.#last
  }

  /** The venue's time of the last message in the book that had one. */
  get time(): Micros | undefined {
    return this.#time
  }

  /** Messages applied so far, snapshots included: it grows whenever the book may have changed. */
  get applied(): number {
    return this.#applied
  }

  /** Snapshots applied so far. */
  get resyncs(): number {
    return this.#resyncs
  }

  /**
   * Follows the next message of the instrument. Never throws because of its content: a book that it spoils is broken.
   * @throws QiError INTERNAL if the limit of a snapshot is too small for `levels`
   */
  follow(message: BookMessage): Followed {
    const { restartsAt } = this.protocol
    if (message.kind === 'snapshot' || (restartsAt !== undefined && message.last === restartsAt))
      return this.#takeSnapshot(message)
    return this.#state === 'live' ? this.#takeDelta(message) : this.#hold(message)
  }

  /** Starts again on a new connection. The book waits for a snapshot. */
  restart(): void {
    this.#state = 'waiting'
    this.#clearHeld()
  }

  /** Breaks the book for a reason that its own messages do not show, such as a gap in the numbers of the connection. */
  fail(reason: string): Followed {
    this.#state = 'broken'
    return { kind: 'broken', reason }
  }

  #hold(delta: BookMessage): Followed {
    if (this.protocol.resync !== 'snapshot') return IGNORED
    this.#held.push(delta)
    return this.#state === 'waiting' && this.#held.length === 1 ? NEEDS_SNAPSHOT : HELD
  }

  #takeSnapshot(snapshot: BookMessage): Followed {
    if (snapshot.limit !== undefined && !this.protocol.windowed) requireRange(snapshot.limit, this.#levels * REFRESH_AT, 'limit')
    const held = this.#held.inOrder()
    if (this.protocol.resync === 'snapshot') {
      if (this.#state === 'live' && !this.#refreshing && !isNewer(snapshot, this.#last)) return IGNORED
      const next = held.map((delta) => this.#place(delta, snapshot.last)).find((place) => place !== 'old')
      if (next !== undefined && next !== 'next') return NEEDS_SNAPSHOT
    }
    this.#clearHeld()
    try {
      this.book.reset(snapshot, snapshot.limit)
    } catch (error) {
      return this.fail(`the snapshot cannot be read: ${(error as Error).message}`)
    }
    this.#state = 'live'
    this.#resyncs++
    this.#last = snapshot.last
    // A snapshot is whole in itself. Deltas can be told from it by its number, so it is checked if it has one.
    const result = this.#finish(snapshot, this.protocol.place !== undefined && snapshot.last !== undefined)
    return result.kind === 'broken' ? result : this.#release(held)
  }

  /** Applies the deltas that were held; those after one that breaks the book stay held for the next snapshot. */
  #release(held: readonly BookMessage[]): Followed {
    let outcome = APPLIED
    for (const [i, delta] of held.entries()) {
      const result = this.#takeDelta(delta)
      if (result.kind === 'needsSnapshot') outcome = result
      if (result.kind !== 'broken') continue
      for (const later of held.slice(i + 1)) this.#held.push(later)
      return result
    }
    return outcome
  }

  #takeDelta(delta: BookMessage): Followed {
    const place = this.#place(delta, this.#last)
    if (place === 'old') return IGNORED
    if (place !== 'next') return this.#break(place.missing, delta)
    try {
      this.book.apply(delta)
    } catch (error) {
      return this.#break(`a delta cannot be read: ${(error as Error).message}`, delta)
    }
    this.#last = delta.last ?? this.#last
    const result = this.#finish(delta, delta.last !== undefined && this.protocol.place !== undefined)
    return result.kind === 'applied' ? this.#checkRange(delta) : result
  }

  /** Asks for a snapshot when the price nears the end of the levels that are known. */
  #checkRange(delta: BookMessage): Followed {
    const { book, protocol } = this
    if (!book.knows(this.#levels))
      return this.#break(`fewer than ${this.#levels} levels of a side are known: the price left the range of the snapshot`, delta)
    if (this.#refreshing) this.#held.push(delta)
    if (this.#refreshing || protocol.resync !== 'snapshot' || book.knows(this.#levels * REFRESH_AT)) return APPLIED
    this.#refreshing = true
    return NEEDS_SNAPSHOT
  }

  /** Checks the book after a message. @param numbered the message was placed by its number */
  #finish(message: BookMessage, numbered: boolean): Followed {
    const { protocol, book } = this
    this.#applied++
    this.#time = message.time ?? this.#time
    const expected = message.checksum === protocol.noChecksum ? undefined : message.checksum
    const checked = protocol.checksum !== undefined && expected !== undefined
    if (checked && protocol.checksum?.(book) !== expected) return this.#break(`the checksum ${expected} does not hold`, message)
    // A checksum proves the book, even one that an auction has crossed.
    if (!checked && book.crossed) return this.#break('the best bid is not below the best ask', message)
    this.#verified = numbered || checked || protocol.checkedByConnection === true
    return APPLIED
  }

  /** A message that shows a gap is after it: the next snapshot may need it. */
  #break(reason: string, message: BookMessage): Followed {
    const result = this.fail(reason)
    if (this.protocol.resync === 'snapshot' && message.kind === 'delta') this.#held.push(message)
    return result
  }

  #clearHeld(): void {
    this.#held.clear()
    this.#refreshing = false
  }

  #place(delta: BookMessage, last: number | undefined): Place {
    return this.protocol.place?.(delta, last) ?? 'next'
  }
}

const isNewer = (snapshot: BookMessage, last: number | undefined): boolean =>
  snapshot.last === undefined || last === undefined || snapshot.last > last

function requireRange(range: number, needed: number, field: string): void {
  if (range < needed)
    throw new QiError('INTERNAL', `${field}: ${range} levels are too few; make it at least ${needed}, or take fewer levels`)
}
