import { createHash } from 'node:crypto'
import type { EncodedBatch, Place, QiError, RecordType, RecordValues } from '../../../../base/types/index.ts'

/** One record to send. */
export interface Entry {
  /** Its index in the write. */
  readonly index: number
  /** Pipeline, topic and partition; a digest of the record where it did not come from the stream. */
  readonly line: string
  readonly offset: bigint | undefined
  /** JSON in UTF-8, as it was streamed. */
  readonly value: Uint8Array
}

export interface Entries {
  /** By partition, in order. */
  readonly lines: readonly (readonly Entry[])[]
  /** Values that cannot be decoded as records. */
  readonly broken: readonly { readonly index: number; readonly error: QiError }[]
}

/** The id of a record: the same when it is delivered again, and different from all others. */
export const idOf = ({ line, offset }: Entry): string => (offset === undefined ? line : `${line}/${offset}`)

/** The id of consecutive records of a partition. */
export function idOfAll(entries: readonly Entry[]): string {
  const [first, last] = [entries[0] as Entry, entries.at(-1) as Entry]
  if (entries.length === 1) return idOf(first)
  if (first.offset === undefined) return digestOf(entries.map(idOf).join('\n'))
  return `${first.line}/${first.offset}-${last.offset}`
}

export function entriesOf(type: RecordType, batches: readonly EncodedBatch[], pipeline: string): Entries {
  const all: Entry[] = []
  const broken: { index: number; error: QiError }[] = []
  let before = 0
  for (const batch of batches) {
    const line = lineOf(pipeline, batch)
    for (const { index, error } of batch.decode(type))
      if (error) broken.push({ index: before + index, error })
      else all.push({ index: before + index, line, offset: batch.offset(index), value: withoutMark(batch.value(index)) })
    before += batch.length
  }
  return { lines: byLine(all), broken }
}

export function entriesOfRecords<R extends RecordValues>(
  type: RecordType<R>,
  records: readonly R[],
  { pipeline, placeOf }: { readonly pipeline: string; readonly placeOf: ((index: number) => Place) | undefined },
): Entries {
  const all = records.map((record, index): Entry => {
    const value = Buffer.from(type.encode(record))
    const place = placeOf?.(index)
    return place
      ? { index, line: lineOf(pipeline, place), offset: place.offset, value }
      : { index, line: `${type.name}/${digestOf(value)}`, offset: undefined, value }
  })
  // Without places the partitions are unknown, so all records stay in order.
  return { lines: placeOf ? byLine(all) : all.length > 0 ? [all] : [], broken: [] }
}

const byLine = (all: readonly Entry[]): Entry[][] => [...Map.groupBy(all, ({ line }) => line).values()]

const lineOf = (pipeline: string, { topic, partition }: Pick<Place, 'topic' | 'partition'>): string =>
  `${pipeline}/${topic}/${partition}`

const digestOf = (of: string | Uint8Array): string => createHash('sha256').update(of).digest('hex').slice(0, 32)

/** Removes a byte order mark: decoders skip it, but within a JSON body it is invalid. */
const withoutMark = (value: Uint8Array): Uint8Array =>
  value[0] === 0xef && value[1] === 0xbb && value[2] === 0xbf ? value.subarray(3) : value

export interface Limits {
  readonly maxRecords: number
  readonly maxBytes: number
}

/**
 * The end of the request that begins with entry `from`. Requests end at offsets that are multiples of `maxRecords`, so that after a crash
 * the same records are in the same requests, except for the first and the last one.
 */
export function cutAt(entries: readonly Entry[], from: number, { maxRecords, maxBytes }: Limits): number {
  const [of, size] = [groupOf(entries[from] as Entry, maxRecords), entries.length]
  let bytes = 0
  let to = from
  for (; to < size && to - from < maxRecords; to++) {
    const entry = entries[to] as Entry
    bytes += entry.value.length
    if (to > from && (bytes > maxBytes || groupOf(entry, maxRecords) !== of)) break
  }
  return to
}

const groupOf = ({ offset }: Entry, size: number): bigint | undefined =>
  offset === undefined ? undefined : offset / BigInt(size)
