import { z } from 'zod'
import { defineTool } from '../../base/agent/index.ts'
import { countOf, type Position, QiError, type Stream, type TopicDescription } from '../../base/types/index.ts'
import { someOf } from '../shared/facts.ts'
import { following, newest, type StreamRecord } from '../shared/streamRecords.ts'
import { cell, markOf, saying } from '../shared/text.ts'
import { messagesIn, topicNamed } from '../shared/topics.ts'

/** The prefix of this tool's own groups: no call can move the position of a delivery or of another program. */
const PREFIX = 'agent-'

const record = z.object({
  partition: z.number(),
  offset: z.string(),
  appended_at: z.string(),
  key: z.string().nullable(),
  record: z.record(z.string(), z.unknown()).optional(),
  text: z.string().optional().describe('the message, where it is no record'),
})

export const consumeStreamData = defineTool({
  name: 'consume_stream_data',
  title: 'Read a topic',
  summary:
    'Reads a few records of a topic, such as crypto-prices: the newest, or the next ones from now on. With a group it reads on where that group was, and remembers the new position, so that repeated calls see each record once. Bounded in number and time; for long series use timeseries_query.',
  set: 'CryptoDataTools',
  effect: 'write',
  isRead: ({ group, commit }) => group === undefined || !commit,
  input: z.object({
    topic: z.string().min(1).max(249).default('crypto-prices').describe('manage_topics lists them'),
    read: z
      .enum(['newest', 'next'])
      .optional()
      .describe('the newest messages, or those after the position; default: next with a group, else newest'),
    group: z
      .string()
      .regex(/^[a-zA-Z0-9._-]{1,100}$/, '1 to 100 of the characters a-z A-Z 0-9 . _ -')
      .optional()
      .describe('a name of your own whose position is kept, as the group agent-<name>; it begins at the oldest record'),
    commit: z.boolean().default(true).describe('true: the position of the group moves behind the messages read'),
    partition: z.int().min(0).max(10_000).optional().describe('only this partition; only with newest'),
    limit: z.int().min(1).max(50).default(5).describe('most records'),
    wait_ms: z.int().min(0).max(30_000).default(2000).describe('how long next waits for the first record, in milliseconds'),
  }),
  output: z.object({
    topic: z.string(),
    records: z.array(record).describe('oldest first'),
    held: z.number().describe('messages in the topic'),
    group: z.string().optional(),
    lag: z.number().optional().describe('messages that the group has not read yet'),
    note: z.string().optional(),
  }),
  async run({ topic, read, group, commit, partition, limit, wait_ms: waitMs }, { stream, catalogue, signal }) {
    const described = await topicNamed(stream, topic)
    const mode = read ?? (group === undefined ? 'newest' : 'next')
    check({ mode, group, partition }, described)
    const held = messagesIn(described)
    if (mode === 'newest') {
      const { records } = await newest(stream, topic, limit, { catalogue, partition, signal })
      const note = records.length === 0 ? 'the topic is empty; stream_crypto_data starts a source' : undefined
      return { topic, records: records.map(plain), held, ...(note && { note }) }
    }
    const name = group === undefined ? undefined : `${PREFIX}${group}`
    const from = await positions(stream, described, name)
    const { records, next } = await following(stream, topic, { catalogue, from, most: limit, waitMs, signal })
    if (name !== undefined && commit) {
      // Every partition is committed: without a position, new messages of a partition would not count as lag.
      const moved = from.map((position) => next.find(({ partition: of }) => of === position.partition) ?? position)
      await stream.resetOffsets(name, moved)
    }
    const lag = name === undefined ? undefined : await lagOf(stream, name, topic)
    const note = records.length === 0 ? `nothing came within ${waitMs} ms; wait_ms can be up to 30000` : undefined
    return {
      topic,
      records: records.map(plain),
      held,
      ...(name && { group: name }),
      ...(lag !== undefined && { lag }),
      ...(note && { note }),
    }
  },
  facts: ({ records, held, lag = 0 }) => ({
    times: records.map(({ record: found, appended_at: at }) => (typeof found?.time === 'string' ? found.time : at)),
    from: records.map(({ record: found }) => found ?? {}),
    missing: [
      someOf(records.length, held, 'message', 'raise limit, or read on with a group'),
      lag > 0 && `the group lags by ${lag}`,
    ],
  }),
  text: ({ topic, records, held, group, lag, note }) =>
    [
      `${topic}: ${records.length} of ${countOf(held, 'message')}${group ? `; group ${group} has lag ${lag ?? 0}` : ''}`,
      ...records.map(
        ({ partition, offset, key, record: found, text }) => `${partition}/${offset} ${cell(key)} ${gist(found, text)}`,
      ),
      ...(note ? [note] : []),
    ].join('\n'),
})

function check(
  { mode, group, partition }: { mode: 'newest' | 'next'; group: string | undefined; partition: number | undefined },
  { name, partitions }: TopicDescription,
): void {
  if (mode === 'newest' && group !== undefined)
    throw new QiError('BAD_REQUEST', 'read "newest" goes without a group: leave group out, or set read to "next"', {
      field: 'read',
    })
  if (partition === undefined) return
  if (mode === 'next')
    throw new QiError('BAD_REQUEST', `partition ${partition}: only read "newest" takes one; leave it out`, { field: 'partition' })
  if (partition >= partitions.length)
    throw new QiError('BAD_REQUEST', `partition ${partition}: ${name} has ${partitions.length}, counted from 0`, {
      field: 'partition',
    })
}

/** The positions of the group; without one, the ends. */
async function positions(stream: Stream, { name: topic, partitions }: TopicDescription, group?: string): Promise<Position[]> {
  if (group === undefined) return partitions.map(({ partition, latest }) => ({ topic, partition, offset: latest }))
  const committed = new Map(
    (await stream.lag(group)).filter((one) => one.topic === topic).map(({ partition, offset }) => [partition, offset]),
  )
  return partitions.map(({ partition, earliest }) => ({ topic, partition, offset: committed.get(partition) ?? earliest }))
}

async function lagOf(stream: Stream, group: string, topic: string): Promise<number> {
  const lags = (await stream.lag(group)).filter((one) => one.topic === topic)
  return lags.reduce((sum, { lag }) => sum + Number(lag), 0)
}

const plain = (found: StreamRecord): z.input<typeof record> => ({ ...found })

/** The main figures of a record; the structure has all of it. */
function gist(found: Record<string, unknown> | undefined, text: string | undefined): string {
  if (!found) return saying((text ?? '').slice(0, 80))
  const { time, price, close, value, currency, source, origin } = found
  return (
    [time, price ?? close ?? value, currency]
      .filter((part) => part !== undefined)
      .map(cell)
      .join(' ') + markOf({ source, origin })
  )
}
