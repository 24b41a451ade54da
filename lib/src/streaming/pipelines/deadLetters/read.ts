import type { DeadLetterEntry, DeadLetterQuery, EncodedBatch, Position, Stream } from '../../../base/types/index.ts'
import { schemaIdOf } from '../../../base/types/wire/index.ts'
import { damageEntry, deadLetterEntry, deadLetterTopic, isDeadLetterTopic, originOf, REPLAYED_HEADER } from './letter.ts'

/**
 * The newest dead letters, oldest first; memory is bounded by the limit. The topics are read twice, because the mark of a replayed letter
 * follows it, and replayed letters must not take the places of pending ones.
 */
export async function listDeadLetters(
  stream: Stream,
  { topic, destination, limit = 100, pending = false, signal }: DeadLetterQuery,
): Promise<DeadLetterEntry[]> {
  const wanted = topic === undefined ? undefined : [isDeadLetterTopic(topic) ? topic : deadLetterTopic(topic)]
  const topics = (await stream.describeTopics(wanted)).map(({ name }) => name).filter(isDeadLetterTopic)
  const read = async (visit: (batch: EncodedBatch) => void): Promise<void> => {
    if (topics.length === 0) return
    for await (const batch of stream.read({ topics, from: 'earliest', untilEnd: true, ...(signal && { signal }) })) visit(batch)
  }

  const replayed = new Set<string>()
  await read((batch) => {
    for (let i = 0; i < batch.length; i++) {
      const id = batch.headers(i)[REPLAYED_HEADER]
      if (id !== undefined) replayed.add(id)
    }
  })

  const found = new Map<string, DeadLetterEntry>()
  await read((batch) => {
    for (const entry of entriesOf(batch)) {
      if (destination !== undefined && entry.destination !== destination) continue
      const origin = originOf(entry)
      const earlier = found.get(origin)
      const isReplayed = replayed.has(entry.id)
      if (earlier) found.set(origin, { ...earlier, times: earlier.times + 1, replayed: earlier.replayed || isReplayed })
      else found.set(origin, { ...entry, replayed: isReplayed })
    }
    if (found.size > 2 * limit + 1000) {
      const kept = newest(found.values(), limit, pending)
      found.clear()
      for (const entry of kept) found.set(originOf(entry), entry)
    }
  })
  return newest(found.values(), limit, pending)
}

/** The dead letters at the given places, by id; places without one are left out. */
export async function readDeadLetters(
  stream: Stream,
  places: readonly Position[],
  options: { readonly signal?: AbortSignal } = {},
): Promise<ReadonlyMap<string, DeadLetterEntry>> {
  const wanted = new Set(places.map(idOf))
  const found = new Map<string, DeadLetterEntry>()
  for (const { name, partitions } of await stream.describeTopics([...new Set(places.map((place) => place.topic))])) {
    // A partition without a position would be read from its beginning.
    const from = partitions.map(({ partition, latest }) => {
      const offsets = places.filter((place) => place.topic === name && place.partition === partition).map((place) => place.offset)
      return { topic: name, partition, offset: offsets.reduce((a, b) => (b < a ? b : a), latest) }
    })
    for await (const batch of stream.read({ topics: [name], from, untilEnd: true, ...options })) {
      for (const entry of entriesOf(batch)) if (wanted.has(entry.id)) found.set(entry.id, entry)
      if (found.size === wanted.size) return found
    }
  }
  return found
}

const PLACE = /^(.+)\/(\d{1,9})\/(\d{1,19})$/
const idOf = ({ topic, partition, offset }: Position): string => `${topic}/${partition}/${offset}`

/** The place of a dead letter by its id; undefined where the text is not such an id. */
export function placeOf(id: string): Position | undefined {
  const [, topic, partition, offset] = PLACE.exec(id) ?? []
  if (topic === undefined || offset === undefined || !isDeadLetterTopic(topic)) return undefined
  return { topic, partition: Number(partition), offset: BigInt(offset) }
}

function* entriesOf(batch: EncodedBatch): Generator<DeadLetterEntry> {
  if (batch.damage) yield damageEntry(batch)
  for (let i = 0; i < batch.length; i++) {
    const place = { topic: batch.topic, partition: batch.partition, offset: batch.offset(i), timestamp: batch.timestamps[i] ?? 0 }
    const entry = deadLetterEntry(place, {
      key: batch.keys[i] ?? null,
      value: batch.value(i),
      schemaId: schemaIdOf(batch.original(i)),
      headers: batch.headers(i),
    })
    if (entry) yield entry
  }
}

const newest = (entries: Iterable<DeadLetterEntry>, limit: number, pending: boolean): DeadLetterEntry[] =>
  limit < 1
    ? []
    : [...entries]
        .filter((entry) => !(pending && entry.replayed))
        .sort((a, b) => a.timestamp - b.timestamp)
        .slice(-limit)
