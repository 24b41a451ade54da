import type { Logger } from '../../base/types/index.ts'
import { Feed, type FeedOptions } from './Feed.ts'
import type { Topic } from './types.ts'

export interface TwinOptions extends Omit<FeedOptions, 'url' | 'topics' | 'onLive' | 'onDown'> {
  /** Addresses; the second feed takes the second. */
  readonly urls: readonly string[]
  /** Two feeds of the same topics, so that the end of one loses nothing. */
  readonly twin: boolean
  readonly topics: readonly Topic[]
  readonly logger: Logger
  /** Called when a feed came up again: something may be missing before its first message. */
  readonly onUp: (first: boolean) => void
  /** Called when none of the feeds is live. */
  readonly onDown: (reason: string) => void
  /** Called when the feed that carries the order books came up or went down. */
  readonly onBooks: (live: boolean) => void
}

/** One shard of topics on one feed, or on two that share nothing. It is down only while both are. */
export class Twin {
  readonly topics: readonly Topic[]
  readonly #feeds: readonly Feed[]
  readonly #onDown: (reason: string) => void
  #wasUp = false

  constructor(options: TwinOptions) {
    const { urls, twin, topics, onUp, onDown, onBooks, logger } = options
    this.topics = topics
    this.#onDown = onDown
    // Order books follow one connection: the changes of two would overtake each other.
    const others = topics.filter(({ channel }) => channel !== 'books')
    const shares = twin && others.length > 0 ? [topics, others] : [topics]
    this.#feeds = shares.map((share, index) => {
      const feed: Feed = new Feed({
        ...options,
        url: urls[index % urls.length] as string,
        topics: share,
        logger: logger.child({ feed: index + 1 }),
        onLive: () => {
          const first = !this.#wasUp
          this.#wasUp = true
          if (index === 0) onBooks(true)
          // Only the first feed to come up after a cut ends it.
          if (this.#feeds.filter(({ live }) => live).length === 1) onUp(first)
        },
        onDown: (reason) => {
          if (index === 0) onBooks(false)
          if (!this.live) this.#onDown(reason)
        },
      })
      return feed
    })
  }

  get live(): boolean {
    return this.#feeds.some((feed) => feed.live)
  }

  get lastFailure(): string {
    return this.#feeds.find((feed) => !feed.live)?.lastFailure ?? ''
  }

  /** Number of live feeds, of all. */
  get feeds(): { readonly live: number; readonly all: number } {
    return { live: this.#feeds.filter(({ live }) => live).length, all: this.#feeds.length }
  }

  start(): void {
    for (const feed of this.#feeds) feed.start()
  }

  pause(): void {
    for (const feed of this.#feeds) feed.pause()
  }

  resume(): void {
    for (const feed of this.#feeds) feed.resume()
  }

  /** Subscribes again to a topic of the first feed, which carries the order books. */
  resubscribe(topic: Topic): void {
    this.#feeds[0]?.resubscribe(topic)
  }

  cut(reason: string): void {
    for (const feed of this.#feeds) feed.cut(reason)
  }

  async close(): Promise<void> {
    await Promise.all(this.#feeds.map((feed) => feed.close()))
  }
}
