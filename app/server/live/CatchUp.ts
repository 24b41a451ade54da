import { setImmediate, setTimeout } from 'node:timers/promises'
import { type EncodedBatch, type Logger, type Stream, toQiError } from '../../../lib/src/base/types/index.ts'
import { endOfTurn, sendTurn } from './dispatch.ts'
import type { CatchUpReader, Feed } from './Feed.ts'
import { goneMessage } from './gone.ts'
import { INTERRUPTED } from './messages.ts'
import { Overheard } from './Overheard.ts'
import { offsetBefore, type Place } from './Place.ts'
import type { Readers } from './Readers.ts'
import { ResumeTokens } from './resume.ts'

/** Records from the tail at which a feed begins to keep the tail's batches. */
const NEAR = 20_000n
/** Most bytes in one batch that it reads. */
const READ_BYTES = 256 * 1024
/** Longest time that one feed reads while others wait for a turn, in milliseconds. */
const TURN_MS = 2_000
const FIRST_WAIT_MS = 100
const LONGEST_WAIT_MS = 5_000

export interface CatchUpParts {
  readonly stream: () => Stream
  /** The place of the tail; every batch after it is passed to overhear(). */
  readonly tail: () => Place
  readonly readers: Readers
  readonly logger: Logger
}

/**
 * Brings one feed from its place to the tail and drops nothing: it reads the stream by itself, as fast as its client takes records.
 * Near the tail it keeps the batches that the tail reads, and reads on to exactly where they begin. Once it has sent those too, the
 * feed is at the tail.
 */
export class CatchUp implements CatchUpReader {
  readonly #feed: Feed
  readonly #parts: CatchUpParts
  readonly #stop = new AbortController()
  readonly #overheard = new Overheard()
  #place: Place | undefined
  /** When the last record sent was appended, in milliseconds since 1970; 0: unknown. */
  #time = 0
  #interrupted = false

  constructor(feed: Feed, parts: CatchUpParts) {
    this.#feed = feed
    this.#parts = parts
  }

  get place(): Place | undefined {
    return this.#place
  }

  overhear(batch: EncodedBatch): void {
    this.#overheard.push(batch)
  }

  end(): void {
    this.#stop.abort()
    this.#overheard.stop()
  }

  /** A client that cannot be served further is cut off: it comes back and resumes. */
  async run(place: Place, time = 0, first?: () => Promise<void>): Promise<void> {
    this.#time = time
    try {
      await first?.()
      this.#place = place
      for (let waitMs = FIRST_WAIT_MS; !this.#isOver; waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)) {
        try {
          while (!(await this.#approach(place))) this.#tellResumed()
          this.#tellResumed()
          return
        } catch (failure) {
          await this.#interrupt(failure, waitMs)
        }
      }
    } catch (failure) {
      if (this.#isOver) return
      const error = toQiError(failure)
      this.#parts.logger.debug({ err: error }, `a client that catches up is cut off: ${error.message}`)
      this.#feed.outlet.cutOff(error.code === 'RATE_LIMITED' ? 'too many clients catch up' : 'it cannot be read on just now')
    } finally {
      this.#overheard.stop()
    }
  }

  get #isOver(): boolean {
    return this.#stop.signal.aborted || this.#feed.isEnded
  }

  #tellResumed(): void {
    if (this.#interrupted) this.#feed.outlet.tell({ type: 'resumed' })
    this.#interrupted = false
  }

  /** Waits before the next attempt. @throws QiError if a retry cannot help */
  async #interrupt(failure: unknown, waitMs: number): Promise<void> {
    const error = toQiError(failure)
    if (this.#isOver) return
    if (error.code === 'RATE_LIMITED' || error.code === 'CLOSED') throw error
    if (!this.#interrupted) {
      this.#parts.logger.warn({ err: error }, `a client cannot catch up: ${error.message}; the stream is tried again`)
      this.#feed.outlet.tell(INTERRUPTED)
    }
    this.#interrupted = true
    await setTimeout(waitMs, undefined, { signal: this.#stop.signal }).catch(() => {})
  }

  /** One step towards the tail. @returns true if the feed is there, or has ended */
  async #approach(place: Place): Promise<boolean> {
    const tail = this.#parts.tail()
    while (place.offsets.length < tail.offsets.length) place.offsets.push(0n)
    if (place.distanceTo(tail) === 0n) return this.#join(place)
    await using _turn = await this.#parts.readers.turn(this.#stop.signal)
    const target = this.#parts.tail().copy()
    if (place.distanceTo(target) > NEAR) {
      await this.#read(place)
      return this.#isOver
    }
    this.#overheard.begin()
    await this.#read(place, target)
    return place.distanceTo(target) === 0n && this.#overheard.isComplete ? this.#join(place) : this.#isOver
  }

  /** Sends the kept batches until none is left. @returns true if the feed is at the tail now, or has ended */
  async #join(place: Place): Promise<boolean> {
    if (!this.#overheard.isComplete) this.#overheard.begin()
    for (;;) {
      const batch = this.#overheard.shift()
      if (this.#isOver) return true
      if (batch) await this.#send(batch, place)
      else if (!this.#overheard.isComplete) return false
      else if (place.equals(this.#parts.tail())) break
      // The place is ahead of the tail, as a client of another server can be: wait for the tail.
      else await this.#overheard.next()
    }
    // No await since the places were compared: the feed misses no batch.
    this.#feed.goLive()
    return true
  }

  /** Reads to the target, or to the present end of the stream; stops earlier if others wait for their turn. */
  async #read(place: Place, target?: Place): Promise<void> {
    const { stream, readers } = this.#parts
    const { signal } = this.#stop
    const began = performance.now()
    const options = { topics: [place.topic], from: place.positions, untilEnd: true, maxBytes: READ_BYTES, signal }
    for await (const batch of stream().read(options)) {
      if (this.#isOver || (target && !this.#overheard.isComplete)) return
      await this.#send(batch, place, target)
      if (target && place.distanceTo(target) === 0n) return
      if (readers.stats.waiting > 0 && performance.now() - began > TURN_MS) return
    }
    // The end of the stream is past the target: the offsets left up to there hold no records.
    if (target && !this.#isOver && this.#overheard.isComplete) place.advanceTo(target)
  }

  /** Sends the records of a batch that come after the place and before the target. */
  async #send(batch: EncodedBatch, place: Place, target?: Place): Promise<void> {
    const { partition } = batch
    const until = target?.offsets[partition]
    const expected = place.offsets[partition] ?? 0n
    if (batch.nextOffset <= expected || (until !== undefined && until <= expected)) return
    if (batch.firstOffset > expected) await this.#tellGone(place, batch)
    let first = 0
    while (first < batch.length && batch.offset(first) < expected) first++
    let end = batch.length
    while (until !== undefined && end > first && batch.offset(end - 1) >= until) end--
    const tokens = new ResumeTokens(place, partition)
    for (let last = first; first < end; first = last) {
      await this.#feed.outlet.room()
      if (this.#isOver) return
      last = endOfTurn(batch, first, end)
      sendTurn(batch, first, last, [this.#feed], tokens)
      place.offsets[partition] = offsetBefore(batch, last)
      this.#time = batch.timestamps[last - 1] ?? this.#time
      await setImmediate()
    }
    place.offsets[partition] = until !== undefined && batch.nextOffset > until ? until : batch.nextOffset
  }

  /** Tells the client if retention dropped records before this reader came to them. */
  async #tellGone(place: Place, { topic, partition, firstOffset }: EncodedBatch): Promise<void> {
    const from = place.offsets[partition] ?? 0n
    const [described] = await this.#parts.stream().describeTopics([topic])
    const earliest = described?.partitions.find((one) => one.partition === partition)?.earliest ?? 0n
    if (earliest <= from) return
    const to = earliest < firstOffset ? earliest : firstOffset
    this.#feed.outlet.tell(goneMessage(this.#feed.channel, [{ partition, from, to }], this.#time))
  }
}
