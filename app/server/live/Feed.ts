import type { EncodedBatch, RecordValues } from '../../../lib/src/base/types/index.ts'
import type { Filter } from './filter.ts'
import type { Outlet } from './Outlet.ts'
import { offsetBefore, type Place } from './Place.ts'
import { type ResumeTokens, tokenOfPlace } from './resume.ts'

const COMMA = Buffer.from(',')

/** Records sent and left out, of all feeds that share it. */
export interface Counts {
  sent: number
  dropped: number
}

export interface FeedParts {
  readonly channel: string
  readonly filter: Filter
  /** True if several records go into one message. */
  readonly batch: boolean
  /** True: a feed whose client is slow reads the stream by itself. False: records are dropped, and the client is told. */
  readonly lossless: boolean
  readonly outlet: Outlet
  readonly counts: Counts
  /** Makes the reader that brings the feed from a place of its own to the tail. */
  readonly catchUp: (feed: Feed) => CatchUpReader
}

/** Reads the stream for one feed until the feed is at the tail. */
export interface CatchUpReader {
  /** The place after the last record sent; undefined while a snapshot is not complete. */
  readonly place: Place | undefined
  /**
   * Runs until the feed is at the tail or has ended.
   * @param time when the last record before the place was appended, in milliseconds since 1970; 0: unknown
   * @param first sends messages that come before the records, such as a snapshot
   */
  run(place: Place, time?: number, first?: () => Promise<void>): Promise<void>
  /** Takes a batch that the tail has read. */
  overhear(batch: EncodedBatch): void
  end(): void
}

interface Dropped {
  records: number
  /** The token of the place before the first of them. */
  readonly resume: string
}

/**
 * One subscription: records of a channel for one client. Either it is at the tail (`isLive`) and gets every new batch, or a
 * {@link CatchUpReader} brings it there from a place of its own.
 */
export class Feed {
  readonly channel: string
  readonly filter: Filter
  readonly outlet: Outlet
  readonly #parts: FeedParts
  #catchUp: CatchUpReader | undefined
  #live = false
  #ended = false
  /** Records of the current turn, if several records go into one message. */
  #collected: Uint8Array[] = []
  #dropped: Dropped | undefined
  /** The offsets that the last message without records told the client. */
  #told = ''
  /** True if records, and tokens with them, were sent since the last tellPosition(). */
  #sending = false

  constructor(parts: FeedParts) {
    this.channel = parts.channel
    this.filter = parts.filter
    this.outlet = parts.outlet
    this.#parts = parts
  }

  get isLive(): boolean {
    return this.#live
  }

  get isEnded(): boolean {
    return this.#ended || !this.outlet.isOpen
  }

  /** Starts at the tail. */
  goLive(): void {
    this.#catchUp = undefined
    this.#live = !this.#ended
  }

  /** Starts at a place of its own; the arguments are those of {@link CatchUpReader.run}. */
  catchUp(...[place, time, first]: Parameters<CatchUpReader['run']>): void {
    this.#live = false
    this.#catchUp = this.#parts.catchUp(this)
    void this.#catchUp.run(place, time, first)
  }

  end(): void {
    this.#ended = true
    this.#live = false
    this.#catchUp?.end()
    this.#catchUp = undefined
  }

  /** Takes a batch that the tail has read, while the feed catches up. */
  overhear(batch: EncodedBatch): void {
    this.#catchUp?.overhear(batch)
  }

  /**
   * Called before each turn of a batch at the tail. If the client is too slow, a lossless feed leaves the tail at this record, and any other
   * feed drops the turn.
   * @returns true if the feed takes part in the turn
   */
  admit(batch: EncodedBatch, first: number, tail: Place, tokens: ResumeTokens): boolean {
    if (!this.outlet.isFull || this.#dropped) return true
    if (this.#parts.lossless) {
      const place = tail.copy()
      place.offsets[batch.partition] = batch.offset(first)
      this.catchUp(place, batch.timestamps[first])
      return false
    }
    this.#dropped = { records: 0, resume: tokens.at(offsetBefore(batch, first), batch.timestamps[first] ?? 0) }
    return true
  }

  hold(): void {
    this.outlet.hold()
  }

  /** Sends the record if the filter wants it; `frame` makes its message, once for all feeds. */
  offer(record: RecordValues, value: Uint8Array, frame: () => { readonly frame: Uint8Array; readonly resume: string }): void {
    if (!this.filter.wants(record)) return
    if (this.#dropped) {
      this.#dropped.records++
      this.#parts.counts.dropped++
    } else if (this.#parts.batch) this.#collected.push(value)
    else {
      const made = frame()
      this.#send(made.frame, made.resume, 1)
    }
  }

  /** Ends a turn. @param behind makes the token of the place after the turn */
  flush(behind: () => string): void {
    const collected = this.#collected
    if (collected.length > 0) {
      this.#collected = []
      const resume = behind()
      const values = collected.flatMap((value, i) => (i === 0 ? [value] : [COMMA, value]))
      const start = Buffer.from(`{"type":"records","channel":"${this.channel}","data":[`)
      this.#send(Buffer.concat([start, ...values, Buffer.from(`],"resume":"${resume}"}`)]), resume, collected.length)
    }
    this.outlet.release()
    // No record of the turn was for this client: nothing was dropped.
    if (this.#dropped?.records === 0) this.#dropped = undefined
  }

  /** Tells the client what was dropped; called once it has room again. */
  tellDropped(): void {
    const dropped = this.#dropped
    if (!dropped) return
    this.#dropped = undefined
    this.#told = ''
    this.outlet.tell({ type: 'dropped', channel: this.channel, records: dropped.records, resume: dropped.resume })
  }

  /** Notes that the client knows this place. */
  told(place: Place): void {
    this.#told = place.offsets.join()
  }

  /** Tells the client how far the stream was read, unless a record did since the last call. @param tail the place of the tail */
  tellPosition(tail: Place): void {
    const sending = this.#sending
    this.#sending = false
    if (sending || this.isEnded || this.#dropped || this.outlet.isFull) return
    const place = this.#live ? tail : this.#catchUp?.place
    if (!place || place.offsets.join() === this.#told) return
    this.told(place)
    const resume = tokenOfPlace(place, this.#live ? Date.now() : 0)
    this.outlet.tell({ type: 'position', channel: this.channel, resume })
  }

  #send(frame: Uint8Array, resume: string, records: number): void {
    if (!this.outlet.isOpen) return
    this.#parts.counts.sent += records
    this.#sending = true
    this.outlet.send(frame, resume)
  }
}
