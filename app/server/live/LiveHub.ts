import { type Logger, type RecordType, toQiError } from '../../../lib/src/base/types/index.ts'
import type { ServedPlatform } from '../served.ts'
import { CatchUp } from './CatchUp.ts'
import { channels, liveTopics } from './channels.ts'
import { dispatch } from './dispatch.ts'
import { type Counts, Feed } from './Feed.ts'
import { createFilter, type Wanted } from './filter.ts'
import { goneMessage } from './gone.ts'
import { INTERRUPTED, type ServerMessage } from './messages.ts'
import type { Outlet } from './Outlet.ts'
import { type ReaderLimits, Readers } from './Readers.ts'
import { tokenOfPlace } from './resume.ts'
import { expectSnapshot, Snapshot, storedPlace } from './snapshot.ts'
import { type From, findStart } from './start.ts'
import { Tail } from './Tail.ts'

/** The subscription that a client asks for. */
export interface AskedFeed extends Wanted {
  readonly batch: boolean
  readonly from?: From | undefined
  readonly snapshot: boolean
  /** True: no record is dropped; for a slow client the stream is read separately, or the client is cut off. */
  readonly lossless: boolean
}

export interface HubParts {
  readonly platform: ServedPlatform
  readonly logger: Logger
  readonly limits: ReaderLimits
}

/** All subscriptions over WebSocket and server-sent events. One tail of the stream feeds them, and runs while there is any. */
export class LiveHub {
  readonly #parts: HubParts
  readonly #feeds = new Set<Feed>()
  readonly #readers: Readers
  #tail: Tail | undefined
  #starting = 0

  constructor(parts: HubParts) {
    this.#parts = parts
    this.#readers = new Readers(parts.limits)
  }

  /** Number of clients that catch up now, and of those that wait for that. */
  get catchingUp(): Readers['stats'] {
    return this.#readers.stats
  }

  /**
   * Starts a subscription.
   * @param subscribed called before the first record is sent: with the coins by their ids, and the token of the starting place, which is
   *   undefined if a snapshot comes first
   * @returns the feed; undefined if the client has gone
   * @throws QiError BAD_REQUEST, RATE_LIMITED; as the stream and the store do
   */
  async open(
    asked: AskedFeed,
    outlet: Outlet,
    counts: Counts,
    subscribed: (wanted: Wanted, resume: string | undefined) => void,
  ): Promise<Feed | undefined> {
    const { channel, from, snapshot, batch, lossless } = asked
    if (snapshot) expectSnapshot(channel)
    if (from || snapshot) this.#readers.expectRoom()
    const wanted = { ...asked, ...(asked.coins && { coins: await this.#idsOf(asked.coins, asked) }) }
    const filter = createFilter(wanted)
    const { topic } = channels.get(channel) as RecordType
    const { platform, logger } = this.#parts
    this.#starting++
    try {
      this.#tail ??= this.#openTail()
      const tail = this.#tail
      await tail.ready
      const start = from && (await findStart(platform.stream, channel, topic, from))
      if (start && start.place.offsets.length > tail.placeOf(topic).offsets.length) await tail.refresh()
      const place = start?.place ?? (snapshot ? await storedPlace(platform, tail.placeOf(topic).copy()) : undefined)
      const first = snapshot ? await Snapshot.open(platform, wanted) : undefined
      if (!outlet.isOpen) return undefined
      const parts = { stream: () => platform.stream, tail: () => tail.placeOf(topic), readers: this.#readers, logger }
      const feed = new Feed({
        ...{ channel, filter, batch, lossless, outlet, counts },
        catchUp: (behind) => new CatchUp(behind, parts),
      })
      const begin = place ?? tail.placeOf(topic)
      const resume = tokenOfPlace(begin, start?.time ?? Date.now())
      feed.told(begin)
      subscribed(wanted, first ? undefined : resume)
      this.#feeds.add(feed)
      if (tail.interrupted) outlet.tell(INTERRUPTED)
      if (start?.gone) outlet.tell(start.gone)
      if (!place || (!first && place.equals(tail.placeOf(topic)))) feed.goLive()
      else feed.catchUp(place, start?.time, first && (() => first.send(outlet, resume)))
      return feed
    } finally {
      this.#starting--
      this.#stopTailIfUnheard()
    }
  }

  end(feed: Feed): void {
    feed.end()
    this.#feeds.delete(feed)
    this.#stopTailIfUnheard()
  }

  /** Tells clients without recent records how far the stream was read, so that they need not read that part again. */
  tellPositions(): void {
    const tail = this.#tail
    if (!tail?.settled) return
    for (const feed of this.#feeds) feed.tellPosition(tail.placeOf((channels.get(feed.channel) as RecordType).topic))
  }

  async close(): Promise<void> {
    for (const feed of this.#feeds) feed.end()
    this.#feeds.clear()
    await this.#tail?.stop()
  }

  /** The ids of coins named by id, ticker or name. While the store cannot be reached, the names are taken as ids. */
  async #idsOf(coins: readonly string[], { sources, currencies }: Pick<Wanted, 'sources' | 'currencies'>): Promise<string[]> {
    try {
      return [...new Set(await this.#parts.platform.store.reads.dsl.resolveCoins(coins, { sources, currencies }))]
    } catch (failure) {
      if (!toQiError(failure).retryable) throw failure
      return [...coins]
    }
  }

  #openTail(): Tail {
    const { platform, logger } = this.#parts
    const tellAll = (message: ServerMessage, feeds: readonly Feed[] = [...this.#feeds]) => {
      for (const outlet of new Set(feeds.map((feed) => feed.outlet))) outlet.tell(message)
    }
    const of = (channel: string) => [...this.#feeds].filter((feed) => feed.channel === channel)
    return new Tail({
      stream: () => platform.stream,
      topics: liveTopics,
      logger,
      onBatch: (batch, place) => {
        for (const feed of this.#feeds) if (feed.channel === place.channel) feed.overhear(batch)
        return dispatch(batch, place, this.#feeds)
      },
      onInterrupted: () => tellAll(INTERRUPTED),
      onResumed: () => tellAll({ type: 'resumed' }),
      onGone: (channel, ranges) =>
        tellAll(
          goneMessage(channel, ranges, 0),
          of(channel).filter((feed) => feed.isLive),
        ),
      onRemade: (channel) => {
        for (const feed of of(channel)) feed.outlet.cutOff(`the topic of ${channel} was deleted and created again`)
      },
    })
  }

  #stopTailIfUnheard(): void {
    if (this.#starting > 0 || this.#feeds.size > 0) return
    void this.#tail?.stop()
    this.#tail = undefined
  }
}
