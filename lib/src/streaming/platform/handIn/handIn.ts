import type { Coverage, Store } from '../../../base/database/index.ts'
import {
  type HandedIn,
  type Logger,
  MANUAL,
  QiError,
  type RecordType,
  type RecordValues,
  type Stream,
} from '../../../base/types/index.ts'
import { consumers } from '../../../consumers/index.ts'
import { type DeadLetters, deadLetterTopic } from '../../pipelines/index.ts'
import { publishOnce } from '../agents/publish.ts'
import { untilStored } from '../backfill/stored.ts'
import { heldAlready, isFirst } from './heldAlready.ts'

/** Longest that a caller waits for the consumers. */
const WAIT_MS = 10_000
/** Most dead letters searched for the refused records. */
const MOST_LETTERS = 5000

export interface HandInParts {
  readonly platform: {
    readonly store: Store
    readonly stream: Stream
    readonly deadLetters: DeadLetters
    readonly coverage: Coverage
    readonly config: { readonly consumers: readonly string[] }
  }
  readonly logger: Logger
  /** Starts the consumers in this process. */
  readonly consume: () => void
}

/**
 * Publishes records that people or agents hand in, and waits until they are stored. Records that the publisher or the store refuses are
 * dead letters, as with any source, and are listed by their index.
 * @throws QiError CANCELLED, or of the stream
 */
export async function handIn(
  { platform: { store, stream, deadLetters, coverage, config }, logger, consume }: HandInParts,
  type: RecordType,
  records: readonly RecordValues[],
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<HandedIn> {
  const letters = () => endOf(stream, deadLetterTopic(type.topic))
  const before = await letters()
  const held = await heldAlready(store, type, records)
  await publishOnce({ stream, logger, source: MANUAL, store }, type, records)
  const groups = config.consumers.flatMap((name) => (consumers[name]?.topics.includes(type.topic) ? [consumers[name].group] : []))
  const runConsumers = async () => {
    if (!(await coverage.platformRuns())) consume()
  }
  await runConsumers()
  const timeout = AbortSignal.timeout(WAIT_MS)
  let stored = groups.length > 0
  if (stored)
    try {
      const either = AbortSignal.any([timeout, ...(signal ? [signal] : [])])
      await untilStored({ stream, topic: type.topic, groups, signal: either, onWait: runConsumers })
    } catch (error) {
      if (!timeout.aborted || signal?.aborted) throw error
      stored = false
    }
  const refused = (await letters()) === before ? [] : await refusedOf(deadLetters, before, type, records)
  const without = new Set(refused.map(({ index }) => index))
  const taken = records.map((_, index) => index).filter((index) => !without.has(index))
  return { stored, overwritten: taken.length - taken.filter(isFirst(held, type, records)).length, refused }
}

/** The end offset of a topic with one partition; 0 if it does not exist yet. */
async function endOf(stream: Stream, topic: string): Promise<bigint> {
  const [found] = await stream.describeTopics([topic])
  return found?.partitions[0]?.latest ?? 0n
}

/** Finds refused records among the newest dead letters, by primary key: publisher and consumer may have changed other fields. */
async function refusedOf(
  deadLetters: DeadLetters,
  since: bigint,
  type: RecordType,
  records: readonly RecordValues[],
): Promise<HandedIn['refused']> {
  const found = await deadLetters.list({ topic: type.topic, pending: true, limit: MOST_LETTERS })
  const recent = found.filter(({ id }) => BigInt(id.slice(id.lastIndexOf('/') + 1)) >= since)
  const reasons = new Map(recent.map(({ value, reason }) => [keyOf(type, value), reason]))
  return records.flatMap((record, index) => {
    const reason = reasons.get(keyOf(type, type.encode(record)))
    return reason === undefined ? [] : [{ index, error: new QiError('BAD_DATA', reason) }]
  })
}

function keyOf({ key }: RecordType, value: string): string | undefined {
  try {
    const wire = JSON.parse(value) as Record<string, unknown>
    return JSON.stringify(key.map((name) => wire[name]))
  } catch {
    return undefined
  }
}
