import {
  describeDamage,
  type EncodedBatch,
  errorMessage,
  escapeHidden,
  type RecordType,
  type Stream,
} from '../../../lib/src/base/index.ts'
import { withStream } from '../engines.ts'
import type { Session } from '../session.ts'
import { recordLine } from '../text/recordLine.ts'
import { topicsNamed } from '../topics.ts'

export interface TailInput {
  readonly types: readonly string[]
  readonly from: 'earliest' | 'latest'
  readonly coins?: readonly string[]
  readonly count?: number
  readonly untilEnd?: boolean
}

export async function run(session: Session, input: TailInput): Promise<undefined> {
  const loaded = await session.load()
  await withStream(session, loaded, async (stream, findTopics) => {
    const types = await topicsNamed(input.types, findTopics)
    const topics = await existing(stream, [...types.keys()])
    if (!session.json && session.err.isTerminal && !input.untilEnd)
      await session.remark(`waiting for ${[...types.values()].map(({ name }) => name).join(', ')}; Ctrl-C ends`)
    await follow(session, stream, topics, types, input)
  })
}

async function follow(
  session: Session,
  stream: Stream,
  topics: readonly string[],
  types: ReadonlyMap<string, RecordType>,
  input: TailInput,
): Promise<void> {
  const { from, untilEnd = false, coins, count = Number.POSITIVE_INFINITY } = input
  const wanted = coins && new Set(coins)
  let printed = 0
  for await (const batch of stream.read({ topics, from, untilEnd, signal: session.signal })) {
    const type = types.get(batch.topic) as RecordType
    if (batch.damage) await session.err.line(escapeHidden(describeDamage(batch)))
    for (const { index, record, error } of batch.decode(type)) {
      if (session.signal.aborted) return
      if (error) await session.err.line(`${placeOf(batch, index)} is no ${type.name}: ${escapeHidden(errorMessage(error))}`)
      else if (!wanted || wanted.has(String(record.coinId))) {
        const wire = type.toWire(record, batch.value(index))
        await session.out.line(session.json ? jsonLine(batch, index, wire) : recordLine(type, wire, session.out))
        if (++printed >= count) return
      }
    }
  }
}

/** A project whose platform never ran has no topics yet; to wait for its first record they must be there. */
async function existing(stream: Stream, topics: readonly string[]): Promise<readonly string[]> {
  await stream.createTopics(topics)
  return topics
}

const placeOf = (batch: EncodedBatch, index: number): string => `${batch.topic}/${batch.partition}/${batch.offset(index)}`

const jsonLine = (batch: EncodedBatch, index: number, wire: Readonly<Record<string, unknown>>): string =>
  JSON.stringify({ topic: batch.topic, partition: batch.partition, offset: String(batch.offset(index)), ...wire })
