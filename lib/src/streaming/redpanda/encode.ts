import type { RecordsBatch } from '@platformatic/kafka'
import { EncodedBatch, type Headers } from '../../base/index.ts'

type KafkaRecord = RecordsBatch['records'][number]

/** Attribute bit of a batch that holds no messages but marks the end of a transaction. */
const CONTROL = 1 << 5

interface Entry {
  readonly record: KafkaRecord
  readonly offset: bigint
  readonly timestamp: number
}

export interface EncodeOptions {
  readonly topic: string
  readonly partition: number
  /** Messages before this offset are left out: a broker answers with whole batches. */
  readonly from: bigint
  /** Messages at and after this offset are left out. */
  readonly until?: bigint | undefined
  /** Most bytes of keys and values in one batch; a single larger message still comes. */
  readonly maxBytes: number
}

/** The library's records as batches of one partition, each message's value copied once into a shared buffer. */
export function encodeRecords(batches: readonly RecordsBatch[], options: EncodeOptions): EncodedBatch[] {
  const out: EncodedBatch[] = []
  let entries: Entry[] = []
  let bytes = 0
  for (const batch of batches) {
    if (batch.attributes & CONTROL) continue
    const firstTimestamp = Number(batch.firstTimestamp)
    for (const record of batch.records) {
      const offset = batch.firstOffset + BigInt(record.offsetDelta)
      if (offset < options.from || (options.until !== undefined && offset >= options.until)) continue
      const size = (record.key?.length ?? 0) + (record.value?.length ?? 0)
      if (entries.length > 0 && bytes + size > options.maxBytes) {
        out.push(encode(entries, options))
        entries = []
        bytes = 0
      }
      entries.push({ record, offset, timestamp: firstTimestamp + Number(record.timestampDelta) })
      bytes += size
    }
  }
  if (entries.length > 0) out.push(encode(entries, options))
  return out
}

function encode(entries: readonly Entry[], { topic, partition }: EncodeOptions): EncodedBatch {
  const count = entries.length
  const firstOffset = (entries[0] as Entry).offset
  const nextOffset = (entries[count - 1] as Entry).offset + 1n
  const bytes = Buffer.allocUnsafeSlow(entries.reduce((sum, { record }) => sum + (record.value?.length ?? 0), 0))
  const spans = new Int32Array(count * 2)
  const timestamps = new Float64Array(count)
  const keys: (string | null)[] = []
  const headers: (Headers | undefined)[] = []
  const dense = nextOffset - firstOffset === BigInt(count)
  const offsetDeltas = dense ? undefined : new Int32Array(count)
  let at = 0
  let anyHeaders = false
  for (let i = 0; i < count; i++) {
    const { record, offset, timestamp } = entries[i] as Entry
    spans[2 * i] = at
    if (record.value) {
      bytes.set(record.value, at)
      at += record.value.length
    }
    spans[2 * i + 1] = at
    timestamps[i] = timestamp
    keys.push(record.key ? record.key.toString() : null)
    if (offsetDeltas) offsetDeltas[i] = Number(offset - firstOffset)
    const own = record.headers.length > 0 ? toHeaders(record.headers) : undefined
    anyHeaders ||= own !== undefined
    headers.push(own)
  }
  return new EncodedBatch({
    topic,
    partition,
    firstOffset,
    nextOffset,
    bytes,
    spans,
    keys,
    timestamps,
    ...(offsetDeltas && { offsetDeltas }),
    ...(anyHeaders && { headers }),
  })
}

const toHeaders = (entries: KafkaRecord['headers']): Headers =>
  Object.fromEntries(entries.map(([name, value]) => [name?.toString() ?? '', value?.toString() ?? '']))
