import {
  describeDamage,
  type EncodedBatch,
  errorMessage,
  escapeHidden,
  type RecordType,
  type Stream,
  toQiError,
} from '../../../lib/src/base/types/index.ts'
import { type WithStore, withStream } from '../engines.ts'
import type { Session } from '../session.ts'
import { startCsv } from '../text/csv.ts'
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
  await withStream(session, loaded, async (stream, findTopics, withStore) => {
    const types = await topicsNamed(input.types, findTopics)
    const topics = await existing(stream, [...types.keys()])
    if (!session.json && session.err.isTerminal && !input.untilEnd)
      await session.remark(`waiting for ${[...types.values()].map(({ name }) => name).join(', ')}; Ctrl-C ends`)
    const coins = input.coins && (await idsOf(input.coins, withStore))
    await follow(session, stream, topics, types, { ...input, ...(coins && { coins }) })
  })
}

/** The ids of coins named by id, ticker or name. While the store cannot be reached, the names are taken as ids: a stream runs without it. */
const idsOf = (coins: readonly string[], withStore: WithStore): Promise<readonly string[]> =>
  withStore(({ dsl }) => dsl.resolveCoins(coins)).catch((failure: unknown) => {
    if (toQiError(failure).retryable) return coins
    throw failure
  })

async function follow(
  session: Session,
  stream: Stream,
  topics: readonly string[],
  types: ReadonlyMap<string, RecordType>,
  input: TailInput,
): Promise<void> {
  const { from, untilEnd = false, coins, count = Number.POSITIVE_INFINITY } = input
  const wanted = coins && new Set(coins)
  const print = await printerOf(session, types)
  let printed = 0
  for await (const batch of stream.read({ topics, from, untilEnd, signal: session.signal })) {
    const type = types.get(batch.topic) as RecordType
    if (batch.damage) await session.err.line(escapeHidden(describeDamage(batch)))
    for (const { index, record, error } of batch.decode(type)) {
      if (session.signal.aborted) return
      if (error) await session.err.line(`${placeOf(batch, index)} is no ${type.name}: ${escapeHidden(errorMessage(error))}`)
      else if (!wanted || wanted.has(String(record.coinId))) {
        await print(batch, index, type, type.toWire(record, batch.value(index)))
        if (++printed >= count) return
      }
    }
  }
}

type Print = (batch: EncodedBatch, index: number, type: RecordType, wire: Readonly<Record<string, unknown>>) => Promise<void>

async function printerOf({ out, json, csv }: Session, types: ReadonlyMap<string, RecordType>): Promise<Print> {
  if (!json && !csv) return (_batch, _index, type, wire) => out.line(recordLine(type, wire, out))
  const placed: (batch: EncodedBatch, index: number) => Readonly<Record<string, unknown>> = (batch, index) => ({
    topic: batch.topic,
    partition: batch.partition,
    offset: String(batch.offset(index)),
  })
  if (json) return (batch, index, _type, wire) => out.line(JSON.stringify({ ...placed(batch, index), ...wire }))
  const fields = [...types.values()].flatMap((type) => type.fields.map(({ name }) => name))
  const row = await startCsv(out, [...new Set(['topic', 'partition', 'offset', ...fields])])
  return (batch, index, _type, wire) => row({ ...placed(batch, index), ...wire })
}

/** Creates the topics: a project whose platform never ran has none, and a reader can wait only for topics that exist. */
async function existing(stream: Stream, topics: readonly string[]): Promise<readonly string[]> {
  await stream.createTopics(topics)
  return topics
}

const placeOf = (batch: EncodedBatch, index: number): string => `${batch.topic}/${batch.partition}/${batch.offset(index)}`
