import type { Logger, Source, Stream } from '../base/index.ts'
import { QiError } from '../base/index.ts'
import type { PublisherOptions } from './options.ts'
import type { PublisherStats } from './stats.ts'

/** What a publisher joins. */
export interface PublisherParts {
  readonly source: Source
  readonly stream: Stream
  readonly logger: Logger
  readonly options?: PublisherOptions
}

/**
 * Carries one source into the stream: source → validate → key → encode → append by topic. It pulls only while fewer than
 * `maxInFlight` records are on their way, keeps the order of each key, repeats appends that may succeed later, and puts what is
 * no valid record into the topic's dead letters.
 */
export class CryptoDataPublisher implements AsyncDisposable {
  readonly name: string

  constructor({ source }: PublisherParts) {
    this.name = source.name
  }

  /**
   * Runs until the source ends, the signal is aborted or close() is called; what was pulled by then is appended before it
   * returns. May be called once.
   * @throws QiError what the source threw, or an append that no repetition mends; restarting is the platform's matter
   */
  async run(signal?: AbortSignal): Promise<void> {
    throw new QiError('UNSUPPORTED', `not yet ${signal}`)
  }

  stats(): PublisherStats {
    throw new QiError('UNSUPPORTED', 'not yet')
  }

  /**
   * Stops pulling, appends what was pulled, closes the source; may be called twice.
   * @throws QiError UNAVAILABLE with the number of records lost, where the stream did not take them within `drainTimeoutMs`
   */
  async close(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
