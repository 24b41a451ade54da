import { type QiError, toQiError } from '../errors.ts'
import type { RecordType, RecordValues } from '../records/index.ts'
import { unframed } from '../wire/frame.ts'
import type { Releasable } from '../wire/memory.ts'

/** A place in a partition: the offset of the next record to read. */
export interface Position {
  readonly topic: string
  readonly partition: number
  readonly offset: bigint
}

export type Headers = Readonly<Record<string, string>>

/** A message as it is appended. */
export interface Message {
  /** Messages of one key stay in order, in one partition; without a key they are spread. */
  readonly key: string | null
  readonly value: string | Uint8Array
  readonly headers?: Headers
}

/** The result of decoding one value: the record, or an error. */
export type Decoded<R extends RecordValues = RecordValues> =
  | { readonly index: number; readonly record: R; readonly error?: undefined }
  | { readonly index: number; readonly record?: undefined; readonly error: QiError }

export interface EncodedBatchParts {
  readonly topic: string
  readonly partition: number
  readonly firstOffset: bigint
  /** The offset after the last record, which is not always `firstOffset + length`: compaction leaves holes. */
  readonly nextOffset: bigint
  /** The buffer with all values. */
  readonly bytes: Uint8Array
  /** Value `i` is `bytes[spans[2i] .. spans[2i + 1])`. */
  readonly spans: Int32Array
  /** Offset of record `i` less `firstOffset`; left out where it is `i`. */
  readonly offsetDeltas?: Int32Array
  readonly keys: readonly (string | null)[]
  readonly headers?: readonly (Headers | undefined)[]
  /** When each was appended, in milliseconds since 1970. */
  readonly timestamps: Float64Array
  /** The reason why these offsets cannot be read; `bytes` are then the stored bytes, and there are no spans. */
  readonly damage?: string
  /** The memory that `release` frees; left out if others may read it too. */
  readonly memory?: Releasable | undefined
}

/**
 * Records of one partition as they came off the wire, in offset order: bytes, keys and positions, with a decoded view made on
 * demand. The values share one buffer, so that a reader need not make an object of each.
 */
export class EncodedBatch {
  readonly topic: string
  readonly partition: number
  readonly firstOffset: bigint
  readonly nextOffset: bigint
  readonly length: number
  readonly bytes: Uint8Array
  /** Of the values, without the frame of a schema registry. */
  readonly spans: Int32Array
  readonly keys: readonly (string | null)[]
  readonly timestamps: Float64Array
  /**
   * The reason why these offsets cannot be read, else undefined. Such a batch has no records; `bytes` are the damaged ones, and it is
   * acknowledged like any other once they are in the dead letters.
   */
  readonly damage: string | undefined
  readonly #originals: Int32Array
  readonly #deltas: Int32Array | undefined
  readonly #headers: readonly (Headers | undefined)[] | undefined
  #memory: Releasable | undefined

  constructor(parts: EncodedBatchParts) {
    this.topic = parts.topic
    this.partition = parts.partition
    this.firstOffset = parts.firstOffset
    this.nextOffset = parts.nextOffset
    this.bytes = parts.bytes
    this.spans = unframed(parts.bytes, parts.spans)
    this.#originals = parts.spans
    this.length = parts.spans.length / 2
    this.keys = parts.keys
    this.timestamps = parts.timestamps
    this.damage = parts.damage
    this.#deltas = parts.offsetDeltas
    this.#headers = parts.headers
    this.#memory = parts.memory
  }

  /** The position to commit once every record of the batch is settled. */
  get next(): Position {
    return { topic: this.topic, partition: this.partition, offset: this.nextOffset }
  }

  value(index: number): Uint8Array {
    return this.bytes.subarray(this.spans[2 * index], this.spans[2 * index + 1])
  }

  /** The value as appended, with the frame of a schema registry if it has one. */
  original(index: number): Uint8Array {
    return this.bytes.subarray(this.#originals[2 * index], this.#originals[2 * index + 1])
  }

  offset(index: number): bigint {
    return this.firstOffset + BigInt(this.offsetDelta(index))
  }

  /** The offset of a record less `firstOffset`. */
  offsetDelta(index: number): number {
    return this.#deltas ? (this.#deltas[index] as number) : index
  }

  headers(index: number): Headers {
    return this.#headers?.[index] ?? {}
  }

  /** True if any record has headers; most batches have none. */
  get hasHeaders(): boolean {
    return this.#headers !== undefined
  }

  /** The records that pass, at their offsets, over the same bytes: released with this batch, not by itself. */
  filter(passes: (index: number) => boolean): EncodedBatch {
    const kept = Array.from({ length: this.length }, (_, index) => index).filter(passes)
    if (kept.length === this.length) return this
    const { topic, partition, firstOffset, nextOffset, bytes } = this
    return new EncodedBatch({
      ...{ topic, partition, firstOffset, nextOffset, bytes },
      spans: Int32Array.from(kept.flatMap((i) => [this.#originals[2 * i] as number, this.#originals[2 * i + 1] as number])),
      offsetDeltas: Int32Array.from(kept, (i) => Number(this.offset(i) - firstOffset)),
      keys: kept.map((i) => this.keys[i] ?? null),
      headers: kept.map((i) => this.#headers?.[i]),
      timestamps: Float64Array.from(kept, (i) => this.timestamps[i] as number),
    })
  }

  /** Frees its memory now, without waiting for the garbage collector. Afterwards only its positions may be read. */
  release(): void {
    this.#memory?.release()
    this.#memory = undefined
  }

  /** Each value as a record of the type, or the error; in order. */
  *decode<R extends RecordValues>(type: RecordType<R>): Generator<Decoded<R>> {
    for (let index = 0; index < this.length; index++) {
      try {
        yield { index, record: type.decode(this.value(index)) }
      } catch (error) {
        yield { index, error: toQiError(error) }
      }
    }
  }
}

/** A batch for stored bytes that cannot be read, so that readers go on after them. */
export const damagedBatch = ({
  appendedAt,
  ...parts
}: Pick<EncodedBatchParts, 'topic' | 'partition' | 'firstOffset' | 'nextOffset' | 'bytes'> & {
  readonly damage: string
  /** Milliseconds since 1970, if known: the one timestamp of the batch. */
  readonly appendedAt: number | undefined
}): EncodedBatch =>
  new EncodedBatch({ ...parts, spans: new Int32Array(0), keys: [], timestamps: Float64Array.of(appendedAt ?? 0) })

/** The place and fault of a damaged batch, in one line. */
export function describeDamage({ topic, partition, firstOffset, nextOffset, damage }: EncodedBatch): string {
  const last = nextOffset - 1n
  const offsets = last > firstOffset ? `offsets ${firstOffset} to ${last}` : `offset ${firstOffset}`
  return `${topic} partition ${partition}, ${offsets}: damaged and cannot be read: ${damage ?? ''}`
}

/** Collects separate messages into one {@link EncodedBatch}. */
export function encodedBatch(
  topic: string,
  partition: number,
  messages: readonly {
    readonly offset: bigint
    readonly key: string | null
    readonly value: Uint8Array
    readonly headers?: Headers
    readonly timestamp: number
  }[],
): EncodedBatch {
  const first = messages[0]
  const last = messages.at(-1)
  if (!first || !last) throw new RangeError('a batch holds at least one message')
  const bytes = Buffer.concat(messages.map((message) => message.value))
  const spans = new Int32Array(messages.length * 2)
  const offsetDeltas = new Int32Array(messages.length)
  const timestamps = new Float64Array(messages.length)
  let at = 0
  messages.forEach((message, i) => {
    spans[2 * i] = at
    at += message.value.length
    spans[2 * i + 1] = at
    offsetDeltas[i] = Number(message.offset - first.offset)
    timestamps[i] = message.timestamp
  })
  return new EncodedBatch({
    topic,
    partition,
    firstOffset: first.offset,
    nextOffset: last.offset + 1n,
    bytes,
    spans,
    offsetDeltas,
    timestamps,
    keys: messages.map((message) => message.key),
    headers: messages.map((message) => message.headers),
  })
}
