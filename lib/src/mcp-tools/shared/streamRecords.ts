import {
  describeDamage,
  type EncodedBatch,
  type Position,
  type RecordType,
  type Stream,
  type TopicCatalogue,
} from '../../base/types/index.ts'

/** A message of a topic in an answer. */
export interface StreamRecord {
  readonly partition: number
  readonly offset: string
  readonly appended_at: string
  readonly key: string | null
  /** The record, if the message is one. */
  readonly record?: Record<string, unknown>
  /** Otherwise the message as text, cut if long. */
  readonly text?: string
}

export interface Collected {
  readonly records: readonly StreamRecord[]
  /** Next positions of the partitions that were read. */
  readonly next: readonly Position[]
}

/** Most characters of a text in an answer. */
const MOST_TEXT = 400
/** Most characters of all messages of an answer, as JSON: the next call reads on. */
const ROOM = 12_000

const sizeOf = (record: StreamRecord): number => JSON.stringify(record).length

/** The newest messages of a topic, oldest first. */
export async function newest(
  stream: Stream,
  topic: string,
  most: number,
  {
    catalogue,
    partition,
    signal,
  }: { readonly catalogue: TopicCatalogue; readonly partition?: number | undefined; readonly signal: AbortSignal },
): Promise<Collected> {
  const [described] = await stream.describeTopics([topic])
  const from = (described?.partitions ?? []).map(({ partition: number, earliest, latest }) => {
    const start = partition === undefined || partition === number ? latest - BigInt(most) : latest
    return { topic, partition: number, offset: start > earliest ? start : earliest }
  })
  const found: { readonly at: number; readonly record: StreamRecord }[] = []
  for await (const batch of stream.read({ topics: [topic], from, untilEnd: true, signal })) {
    if (batch.damage) found.push({ at: batch.timestamps[0] ?? 0, record: damageOf(batch) })
    for (let i = 0; i < batch.length; i++)
      found.push({ at: batch.timestamps[i] ?? 0, record: recordOf(catalogue.typeOf(topic), batch, i) })
    if (found.length > 4 * most) keepNewest(found, most)
  }
  keepNewest(found, most)
  const records = found.map(({ record }) => record)
  let first = records.length
  for (let room = ROOM; first > 0; first--) {
    room -= sizeOf(records[first - 1] as StreamRecord)
    if (room < 0 && first < records.length) break
  }
  return { records: records.slice(first), next: [] }
}

function keepNewest(found: { readonly at: number; readonly record: StreamRecord }[], most: number): void {
  found.sort((a, b) => a.at - b.at || Number(BigInt(a.record.offset) - BigInt(b.record.offset)))
  found.splice(0, Math.max(0, found.length - most))
}

/** The next messages from given positions, up to the limit; waits for the first if there is none. */
export async function following(
  stream: Stream,
  topic: string,
  {
    catalogue,
    from,
    most,
    waitMs,
    signal,
  }: {
    readonly catalogue: TopicCatalogue
    readonly from: readonly Position[]
    readonly most: number
    readonly waitMs: number
    readonly signal: AbortSignal
  },
): Promise<Collected> {
  const [described] = await stream.describeTopics([topic])
  const start = new Map(from.map(({ partition, offset }) => [partition, offset]))
  const there = (described?.partitions ?? []).reduce((sum, { partition, latest }) => {
    const ahead = latest - (start.get(partition) ?? latest)
    return sum + (ahead > 0n ? Number(ahead) : 0)
  }, 0)
  const wanted = Math.min(most, Math.max(1, there))
  const records: StreamRecord[] = []
  const next = new Map<number, bigint>()
  let room = ROOM
  const enough = new AbortController()
  const late = AbortSignal.timeout(waitMs)
  const stop = AbortSignal.any([signal, enough.signal, late])
  try {
    for await (const batch of stream.read({ topics: [topic], from, signal: stop })) {
      const take = (record: StreamRecord, then: bigint) => {
        room -= sizeOf(record)
        if (room < 0 && records.length > 0) return
        records.push(record)
        next.set(batch.partition, then)
      }
      if (batch.damage) take(damageOf(batch), batch.nextOffset)
      for (let i = 0; i < batch.length && records.length < wanted && room >= 0; i++)
        take(recordOf(catalogue.typeOf(topic), batch, i), batch.offset(i) + 1n)
      if (records.length >= wanted || room < 0) break
    }
  } catch (error) {
    if (!late.aborted) throw error
  } finally {
    enough.abort()
  }
  signal.throwIfAborted()
  return { records, next: [...next].map(([partition, offset]) => ({ topic, partition, offset })) }
}

/** Damaged bytes as one message whose text names the fault. */
const damageOf = (batch: EncodedBatch): StreamRecord => ({
  partition: batch.partition,
  offset: String(batch.firstOffset),
  appended_at: new Date(batch.timestamps[0] ?? 0).toISOString(),
  key: null,
  text: describeDamage(batch),
})

function recordOf(type: RecordType | undefined, batch: EncodedBatch, index: number): StreamRecord {
  return {
    partition: batch.partition,
    offset: String(batch.offset(index)),
    appended_at: new Date(batch.timestamps[index] ?? 0).toISOString(),
    key: cut(batch.keys[index] ?? null, 200),
    ...(contentOf(type, batch.value(index)) as Pick<StreamRecord, 'record' | 'text'>),
  }
}

function contentOf(type: RecordType | undefined, value: Uint8Array): Pick<StreamRecord, 'record' | 'text'> {
  if (type)
    try {
      const json = JSON.stringify(type.toWire(type.decode(value), value))
      if (json.length <= 2 * MOST_TEXT) return { record: JSON.parse(json) as Record<string, unknown> }
    } catch {
      // Shown as it is: the reader wants to see the fault.
    }
  return { text: cut(Buffer.from(value.subarray(0, 4 * MOST_TEXT)).toString('utf8'), MOST_TEXT) ?? '' }
}

const cut = (text: string | null, most: number): string | null =>
  text !== null && text.length > most ? `${text.slice(0, most)}… (${text.length} characters)` : text
