import {
  type Coverage,
  type HandedIn,
  type Logger,
  MANUAL,
  QiError,
  type RecordType,
  type RecordValues,
  type Store,
  type Stream,
} from '../../base/index.ts'
import { consumers } from '../../consumers/index.ts'
import { type DeadLetters, deadLetterTopic } from '../pipelines/index.ts'
import { publishOnce } from './agents/publish.ts'
import { untilStored } from './backfill/stored.ts'
import { heldAlready, isFirst } from './heldAlready.ts'

/** How long a caller waits for the consumers, in milliseconds. */
const PATIENCE_MS = 10_000
/** Dead letters that are looked through for what was refused. */
const MOST_LETTERS = 5000

export interface HandInParts {
  readonly platform: {
    readonly store: Store
    readonly stream: Stream
    readonly deadLetters: DeadLetters
    readonly coverage: Coverage
    /** Names of the consumers that store what is published. */
    readonly config: { readonly consumers: readonly string[] }
  }
  readonly logger: Logger
  /** Starts the consumers in this process. */
  readonly consume: () => void
}

/**
 * Carries records that somebody hands in the way of all records: publisher, stream, consumer, store. What a publisher or a sink
 * refuses is a dead letter, as of any source, and told by its index.
 * @throws QiError CANCELLED; what the stream throws
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
  const patience = AbortSignal.timeout(PATIENCE_MS)
  let stored = groups.length > 0
  if (stored)
    try {
      const either = AbortSignal.any([patience, ...(signal ? [signal] : [])])
      await untilStored({ stream, topic: type.topic, groups, signal: either, onWait: runConsumers })
    } catch (error) {
      if (!patience.aborted || signal?.aborted) throw error
      stored = false
    }
  const refused = (await letters()) === before ? [] : await refusedOf(deadLetters, before, type, records)
  const without = new Set(refused.map(({ index }) => index))
  const taken = records.map((_, index) => index).filter((index) => !without.has(index))
  return { stored, overwritten: taken.length - taken.filter(isFirst(held, type, records)).length, refused }
}

/** The offset behind the last message of a topic of one partition; 0 where it does not exist yet. */
async function endOf(stream: Stream, topic: string): Promise<bigint> {
  const [found] = await stream.describeTopics([topic])
  return found?.partitions[0]?.latest ?? 0n
}

/** Known by their primary keys: what a publisher or a consumer changed else does not matter. */
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
