import { type AppendOptions, QiError, type Stream } from '../../base/index.ts'
import type { DeadLetter, DeadLetterEntry } from './deadLetter.ts'

export interface ListOptions {
  /** The topic whose dead letters are listed (`crypto-prices`); all of them when left out. */
  readonly topic?: string
  /** Most entries, the newest. Default 100. */
  readonly limit?: number
  /** Only what has not been replayed. */
  readonly pending?: boolean
  readonly signal?: AbortSignal
}

/** Which dead letters to put back: as they are, by id, or mended. */
export type ReplayInput = { readonly ids: readonly string[] } | { readonly entries: readonly ReplayEntry[] }

/** A dead letter to put back; its value may have been mended. */
export type ReplayEntry = Pick<DeadLetterEntry, 'topic' | 'value'> & Partial<Pick<DeadLetterEntry, 'id' | 'encoding'>>

export interface ReplayResult {
  /** Records put back into their topics. */
  readonly replayed: number
  /** What still is no valid record, or was not found; of these nothing was sent. */
  readonly refused: readonly { readonly index: number; readonly id?: string; readonly error: QiError }[]
}

/** The dead letters of a stream: `<topic>.dlq` beside each topic, created when first needed. */
export class DeadLetters {
  readonly #stream: Stream

  constructor(stream: Stream) {
    this.#stream = stream
  }

  /**
   * Returns when every letter is durable.
   * @throws QiError what {@link Stream.append} throws; repeating is harmless, the origin makes a repeat recognisable
   */
  async put(letters: readonly DeadLetter[], options?: AppendOptions): Promise<void> {
    throw new QiError('UNSUPPORTED', `not yet ${this.#stream.engine} ${letters.length} ${options}`)
  }

  /** The newest dead letters, oldest first. The same original (topic, partition, offset, stage) is listed once. */
  async list(options: ListOptions = {}): Promise<readonly DeadLetterEntry[]> {
    throw new QiError('UNSUPPORTED', `not yet ${options.topic}`)
  }

  /**
   * Puts dead letters back into their topics, each checked as a record first and keyed anew from it. The primary keys of the
   * sinks make a second replay harmless.
   */
  async replay(input: ReplayInput, options?: AppendOptions): Promise<ReplayResult> {
    throw new QiError('UNSUPPORTED', `not yet ${input} ${options}`)
  }
}
