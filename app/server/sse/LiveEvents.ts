import type { Caller } from '../../../lib/src/mcp-tools/index.ts'
import { addressGroup } from '../connections.ts'
import type { Guard } from '../guard/guard.ts'
import { jsonHeaders } from '../headers.ts'
import type { Feed } from '../live/Feed.ts'
import type { AskedFeed, LiveHub } from '../live/LiveHub.ts'
import type { LiveLimits } from '../live/limits.ts'
import type { Seats } from '../live/Seats.ts'
import { EventStream } from './EventStream.ts'

/** Interval of comments, in milliseconds. */
const BEAT_MS = 15_000

export interface LiveEventsParts {
  readonly hub: LiveHub
  readonly seats: Seats
  readonly guard: Guard
  readonly limits: LiveLimits
}

export const EVENT_HEADERS = {
  ...jsonHeaders,
  'content-type': 'text/event-stream; charset=utf-8',
  // A proxy must pass on each event at once.
  'x-accel-buffering': 'no',
}

/** Live subscriptions as server-sent events, one for each connection. */
export class LiveEvents {
  readonly #parts: LiveEventsParts
  readonly #streams = new Set<EventStream>()
  readonly #counts = { sent: 0, dropped: 0 }
  readonly #beating: NodeJS.Timeout

  constructor(parts: LiveEventsParts) {
    this.#parts = parts
    this.#beating = setInterval(() => {
      for (const stream of this.#streams) stream.beat()
    }, BEAT_MS).unref()
  }

  stats(): { readonly clients: number; readonly sent: number } {
    return { clients: this.#streams.size, sent: this.#counts.sent }
  }

  /** @throws QiError RATE_LIMITED if there are too many clients; as the hub does */
  async open(asked: Omit<AskedFeed, 'lossless'>, caller: Caller): Promise<Response> {
    const { hub, seats, guard, limits } = this.#parts
    const address = addressGroup(caller.address ?? '')
    seats.expectRoom(address, true)
    let feed: Feed | undefined
    const stream = new EventStream(limits.bufferBytes, () => {
      released()
      this.#streams.delete(stream)
      seats.leave(address, true)
      if (feed) hub.end(feed)
    })
    seats.take(address, true)
    this.#streams.add(stream)
    const released = guard.whenRevoked(caller.token, () => stream.end())
    try {
      feed = await hub.open(
        { ...asked, lossless: true },
        stream,
        this.#counts,
        ({ channel, coins, sources, currencies }, resume) =>
          stream.tell({
            type: 'subscribed',
            ...{ channel, coins, sources, currencies, batch: asked.batch },
            ...(resume !== undefined && { resume }),
          }),
      )
      // The client has gone, or the stream has ended, while the feed was being opened.
      if (feed && !stream.isOpen) hub.end(feed)
      return new Response(stream.body, { headers: EVENT_HEADERS })
    } catch (error) {
      stream.end()
      throw error
    }
  }

  close(): void {
    clearInterval(this.#beating)
    for (const stream of this.#streams) stream.end()
  }
}
