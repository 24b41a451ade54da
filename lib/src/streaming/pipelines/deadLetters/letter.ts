import {
  DEAD_LETTER_STAGES,
  type DeadLetterEntry,
  type DeadLetterStage,
  describeDamage,
  type EncodedBatch,
  type Headers,
} from '../../../base/types/index.ts'

/** A record that could not be published or stored, or a range of offsets that could not be read or was skipped. */
export interface DeadLetter {
  /** The topic that it was read from, or could not be published into. */
  readonly topic: string
  readonly stage: DeadLetterStage
  /** The pipeline and the destination that refused it; absent where it reached none. */
  readonly pipeline?: string
  readonly destination?: string
  /** The step of the pipeline that refused it. */
  readonly node?: string
  /** Its place in the topic; absent where it was not published. */
  readonly partition?: number
  readonly offset?: bigint
  /** The last offset of a range (damaged bytes, skipped records); `offset` is the first. */
  readonly lastOffset?: bigint
  readonly reason: string
  /** Number of attempts to write it. */
  readonly attempts: number
  /** The original bytes. */
  readonly value: string | Uint8Array
  readonly key: string | null
  /** The source that produced it. */
  readonly source?: string
}

export const DEAD_LETTER_SUFFIX = '.dlq'
export const deadLetterTopic = (topic: string): string => `${topic}${DEAD_LETTER_SUFFIX}`
export const isDeadLetterTopic = (topic: string): boolean => topic.endsWith(DEAD_LETTER_SUFFIX)

/** Header with the id of a dead letter: on its replayed record, and on the message without a value that marks it as replayed. */
export const REPLAYED_HEADER = 'replayed'

/**
 * Longer originals are cut to the first of these lengths, in bytes, because a broker refuses messages of more than a mebibyte. Where the
 * stream refuses that, too, the next length is tried.
 */
export const VALUE_CUTS = [900_000, 90_000, 900, 0] as const
export const MAX_VALUE_BYTES = VALUE_CUTS[0]
const MAX_REASON = 4000

/** The value and the headers of the message that a dead letter becomes. */
export function deadLetterMessage(
  letter: DeadLetter,
  most: number = MAX_VALUE_BYTES,
): { key: string | null; value: Uint8Array; headers: Headers } {
  const original = typeof letter.value === 'string' ? Buffer.from(letter.value) : letter.value
  const cut = original.length > most
  return {
    key: letter.key === null ? null : storable(letter.key, 400),
    value: cut ? original.subarray(0, most) : original,
    headers: {
      stage: letter.stage,
      topic: letter.topic,
      ...(letter.pipeline === undefined ? {} : { pipeline: letter.pipeline }),
      ...(letter.destination === undefined ? {} : { destination: letter.destination }),
      ...(letter.node === undefined ? {} : { node: letter.node }),
      ...(letter.partition === undefined ? {} : { partition: String(letter.partition) }),
      ...(letter.offset === undefined ? {} : { offset: String(letter.offset) }),
      ...(letter.lastOffset === undefined ? {} : { 'last-offset': String(letter.lastOffset) }),
      reason: storable(letter.reason, Math.min(MAX_REASON, Math.max(most, 300))),
      attempts: String(letter.attempts),
      ...(letter.source === undefined ? {} : { source: storable(letter.source, 400) }),
      ...(cut ? { 'truncated-from': String(original.length) } : {}),
    },
  }
}

/** PostgreSQL's text cannot hold NUL or half a surrogate pair, which a refused record may contain. */
const storable = (text: string, length: number): string => text.slice(0, length).toWellFormed().replaceAll('\0', '\uFFFD')

/** The entry of a message in a dead-letter topic; undefined where the message is not a dead letter. */
export function deadLetterEntry(
  place: { readonly topic: string; readonly partition: number; readonly offset: bigint; readonly timestamp: number },
  message: {
    readonly key: string | null
    readonly value: Uint8Array
    readonly schemaId?: number | undefined
    readonly headers: Headers
  },
): DeadLetterEntry | undefined {
  const { headers } = message
  const stage = DEAD_LETTER_STAGES.find((known) => known === headers.stage)
  if (!stage || !headers.topic) return undefined
  return {
    id: `${place.topic}/${place.partition}/${place.offset}`,
    topic: headers.topic,
    stage,
    ...(headers.pipeline === undefined ? {} : { pipeline: headers.pipeline }),
    ...(headers.destination === undefined ? {} : { destination: headers.destination }),
    ...(headers.node === undefined ? {} : { node: headers.node }),
    ...(headers.partition === undefined ? {} : { partition: Number(headers.partition) }),
    ...(headers.offset === undefined ? {} : { offset: BigInt(headers.offset) }),
    ...(headers['last-offset'] === undefined ? {} : { lastOffset: BigInt(headers['last-offset']) }),
    reason: headers.reason ?? '',
    attempts: Number(headers.attempts ?? 1),
    ...(headers.source === undefined ? {} : { source: headers.source }),
    key: message.key,
    timestamp: place.timestamp,
    ...textOf(message.value),
    ...(message.schemaId === undefined ? {} : { schemaId: message.schemaId }),
    ...(headers['truncated-from'] === undefined ? {} : { truncatedFrom: Number(headers['truncated-from']) }),
    times: 1,
    replayed: false,
  }
}

/** The dead letter of a batch of damaged bytes. */
export const damageLetter = (batch: EncodedBatch): DeadLetter => ({
  topic: batch.topic,
  stage: 'read',
  partition: batch.partition,
  offset: batch.firstOffset,
  lastOffset: batch.nextOffset - 1n,
  reason: describeDamage(batch),
  attempts: 1,
  key: null,
  value: batch.bytes,
})

/** The entry of damaged bytes within a dead-letter topic. They are listed themselves: dead letters get no dead letters. */
export const damageEntry = (batch: EncodedBatch): DeadLetterEntry => ({
  id: `${batch.topic}/${batch.partition}/${batch.firstOffset}`,
  ...damageLetter(batch),
  timestamp: batch.timestamps[0] ?? 0,
  value: Buffer.from(batch.bytes.subarray(0, MAX_VALUE_BYTES)).toString('base64'),
  encoding: 'base64',
  times: 1,
  replayed: false,
})

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function textOf(value: Uint8Array): { value: string; encoding: 'utf8' | 'base64' } {
  try {
    return { value: utf8.decode(value), encoding: 'utf8' }
  } catch {
    return { value: Buffer.from(value).toString('base64'), encoding: 'base64' }
  }
}

/**
 * The key by which letters of one original are listed once: its place, stage and destination. A letter without a place has an origin of
 * its own.
 */
export const originOf = (entry: DeadLetterEntry): string => {
  const { topic, partition, offset, lastOffset = offset, stage, pipeline = '', destination = '', node = '' } = entry
  return offset === undefined ? entry.id : [topic, partition, offset, lastOffset, stage, pipeline, destination, node].join('/')
}

/** True for a letter about a range of offsets, which holds none of their records. */
export const isRange = ({ stage, lastOffset }: { readonly stage?: string; readonly lastOffset?: bigint }): boolean =>
  stage !== 'read' && lastOffset !== undefined
