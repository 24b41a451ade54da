import { z } from 'zod'
import { defineTool } from '../../base/agent/index.ts'
import { countOf } from '../../base/types/index.ts'
import { someOf } from '../shared/facts.ts'
import { cell } from '../shared/text.ts'
import { messagesIn } from '../shared/topics.ts'

const output = z.object({
  engine: z.string().describe('embedded: the log in the store’s PostgreSQL; redpanda: brokers that speak Kafka'),
  healthy: z.boolean(),
  summary: z.string(),
  remedy: z.string().optional(),
  brokers: z.array(z.object({ id: z.string(), address: z.string(), controller: z.boolean() })),
  topics: z.number(),
  partitions: z.number(),
  messages: z.number(),
  bytes: z.number().optional().describe('on disk, all replicas together; absent where it may not be asked for'),
  largest: z
    .array(z.object({ topic: z.string(), messages: z.number(), bytes: z.number().optional() }))
    .describe('the topics that hold most'),
  groups: z.number(),
  lagging: z
    .array(z.object({ group: z.string(), state: z.string(), members: z.number(), lag: z.number() }))
    .describe('groups with lag, greatest first'),
  groups_looked_at: z.number().describe('groups whose lag was read'),
})

/** Most groups whose lag is read: each costs a request or two. */
const MOST_GROUPS = 100
const MOST_BROKERS = 20

export const monitorCluster = defineTool({
  name: 'monitor_cluster',
  title: 'Stream cluster',
  summary:
    'The state of the stream: brokers or engine, numbers of topics, partitions and messages, bytes on disk, the largest topics, and the consumer groups with the greatest lag.',
  set: 'RedpandaTools',
  effect: 'read',
  pages: { by: 'largest' },
  input: z.object({
    largest: z
      .int()
      .min(0)
      .max(30)
      .default(5)
      .describe('how many of the largest topics, and of the groups with the greatest lag'),
  }),
  output,
  async run({ largest }, { stream, signal }) {
    const [check, cluster, described, groups] = await Promise.all([
      stream.check(),
      stream.describeCluster(),
      stream.describeTopics(),
      stream.describeGroups(),
    ])
    const topics = described.map((topic) => {
      const bytes = cluster.sizes?.get(topic.name)
      return { topic: topic.name, messages: messagesIn(topic), ...(bytes !== undefined && { bytes }) }
    })
    const lagging: { group: string; state: string; members: number; lag: number }[] = []
    for (const { name, state, members } of groups.slice(0, MOST_GROUPS)) {
      signal.throwIfAborted()
      const lag = (await stream.lag(name)).reduce((sum, one) => sum + Number(one.lag), 0)
      if (lag > 0) lagging.push({ group: name, state, members: members.length, lag })
    }
    return {
      engine: stream.engine,
      healthy: check.ok,
      summary: check.summary,
      ...(check.remedy !== undefined && { remedy: check.remedy }),
      brokers: cluster.brokers.slice(0, MOST_BROKERS),
      topics: topics.length,
      partitions: described.reduce((sum, { partitions }) => sum + partitions.length, 0),
      messages: topics.reduce((sum, { messages }) => sum + messages, 0),
      ...(cluster.sizes && { bytes: [...cluster.sizes.values()].reduce((sum, bytes) => sum + bytes, 0) }),
      largest: topics
        .toSorted((a, b) => (b.bytes ?? 0) - (a.bytes ?? 0) || b.messages - a.messages)
        .filter(({ messages }) => messages > 0)
        .slice(0, largest),
      groups: groups.length,
      lagging: lagging.toSorted((a, b) => b.lag - a.lag).slice(0, largest),
      groups_looked_at: Math.min(groups.length, MOST_GROUPS),
    }
  },
  facts: ({ groups, groups_looked_at: looked }) => ({
    missing: [someOf(looked, groups, 'group', 'the lag of the others was not read')],
  }),
  text: (o) =>
    [
      `${o.engine}: ${o.summary}${o.remedy ? `; ${o.remedy}` : ''}`,
      `${countOf(o.brokers.length, 'broker')}, ${countOf(o.topics, 'topic')}, ${countOf(o.partitions, 'partition')}, ${countOf(o.messages, 'message')}${o.bytes === undefined ? '' : `, ${countOf(o.bytes, 'byte')}`}, ${countOf(o.groups, 'group')}`,
      ...o.largest.map(
        ({ topic, messages, bytes }) =>
          `${cell(topic)}: ${countOf(messages, 'message')}${bytes === undefined ? '' : `, ${countOf(bytes, 'byte')}`}`,
      ),
      ...(o.lagging.length > 0 ? o.lagging.map(({ group, lag }) => `group ${cell(group)}: lag ${lag}`) : ['no group has lag']),
    ].join('\n'),
})
