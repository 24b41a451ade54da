import { z } from 'zod'
import { defineTool, type ToolContext } from '../../base/agent/index.ts'
import { countOf, isBuiltInTopic, QiError, type TopicCatalogue, type TopicDescription } from '../../base/types/index.ts'
import { morePages, someOf } from '../shared/facts.ts'
import { pageAfter } from '../shared/pageOfNames.ts'
import { table } from '../shared/text.ts'
import { messagesIn, topicNamed } from '../shared/topics.ts'

const input = z.object({
  action: z.enum(['list', 'describe', 'create', 'delete']).default('list').describe('what to do'),
  topic: z
    .string()
    .regex(/^[a-zA-Z0-9._-]{1,249}$/, '1 to 249 of the characters a-z A-Z 0-9 . _ -')
    .optional()
    .describe('of all but list'),
  partitions: z.int().min(1).max(1000).optional().describe('of create; default: 6'),
  limit: z.int().min(1).max(100).default(20).describe('of list: most topics in a page; of describe: most partitions'),
  after: z.string().max(249).optional().describe('of list: `next` of the page before'),
})
type Input = z.output<typeof input>

const topicLine = z.object({
  topic: z.string(),
  partitions: z.number(),
  messages: z.number(),
  bytes: z.number().optional(),
  carries: z.string().describe('a record type, dead letters, or what others put there'),
})

const output = z.object({
  done: z.string().optional(),
  topics: z.array(topicLine),
  count: z.number().optional().describe('of all topics'),
  partitions: z
    .array(z.object({ partition: z.number(), earliest: z.string(), latest: z.string() }))
    .optional()
    .describe('offsets of the oldest message and of the next one'),
  next: z.string().optional().describe('pass as `after` to get the next page'),
})
type Output = z.input<typeof output>

const DEAD_LETTERS = '.dlq'
const base = (topic: string): string => (topic.endsWith(DEAD_LETTERS) ? topic.slice(0, -DEAD_LETTERS.length) : topic)
/** The topics of record types and their dead letters. */
const isOurs = (topic: string): boolean => isBuiltInTopic(base(topic))

export const manageTopics = defineTool({
  name: 'manage_topics',
  title: 'Topics',
  summary: 'Lists the topics of the stream, describes one with the offsets of its partitions, or creates one.',
  set: 'RedpandaTools',
  effect: 'destroy',
  pages: { by: 'limit' },
  reads: ['list', 'describe'],
  destructive: {
    actions: ['delete'],
    summary: 'delete takes all messages of a topic with it and is asked about first; records in the store stay.',
  },
  input,
  output,
  question: ({ action, topic }) => {
    if (action !== 'delete' || topic === undefined) return undefined
    return isOurs(topic)
      ? `${topic} belongs to the platform: without it publishing and storing fail until the platform starts anew. Delete it with all its messages?`
      : `Delete the topic ${topic} with all its messages?`
  },
  async run(given, context) {
    if (given.action === 'list') return list(given, context)
    const { topic } = given
    if (topic === undefined)
      throw new QiError('BAD_REQUEST', `topic is missing: name the topic to ${given.action}; manage_topics lists them`, {
        field: 'topic',
      })
    return await { describe, create, delete: remove }[given.action](topic, given, context)
  },
  facts: ({ topics, next, partitions }) => ({
    missing: [morePages(next), partitions && someOf(partitions.length, topics[0]?.partitions ?? 0, 'partition', 'raise limit')],
  }),
  text: ({ done, topics, count, partitions, next }) =>
    [
      ...(done ? [done] : []),
      ...(topics.length > 0 || !done
        ? [table(topics, ['topic', 'partitions', 'messages', 'bytes', 'carries'], next, 'there are no topics')]
        : []),
      ...(partitions ?? []).map(({ partition, earliest, latest }) => `partition ${partition}: ${earliest} to ${latest}`),
      ...(count !== undefined && next !== undefined ? [`${countOf(count, 'topic')} in all`] : []),
    ].join('\n'),
})

async function list({ limit, after }: Input, { stream, catalogue }: ToolContext): Promise<Output> {
  const all = (await stream.describeTopics()).toSorted((a, b) => (a.name < b.name ? -1 : 1))
  const { sizes } = await stream.describeCluster()
  const { items, next } = pageAfter(all, ({ name }) => name, after, limit)
  return { topics: items.map((one) => line(catalogue, one, sizes)), count: all.length, ...(next !== undefined && { next }) }
}

async function describe(topic: string, { limit }: Input, { stream, catalogue }: ToolContext): Promise<Output> {
  const found = await topicNamed(stream, topic)
  const { sizes } = await stream.describeCluster()
  return {
    topics: [line(catalogue, found, sizes)],
    partitions: found.partitions
      .slice(0, limit)
      .map(({ partition, earliest, latest }) => ({ partition, earliest: String(earliest), latest: String(latest) })),
  }
}

async function create(topic: string, { partitions }: Input, { stream, catalogue }: ToolContext): Promise<Output> {
  const [existing] = await stream.describeTopics([topic])
  if (existing)
    throw new QiError(
      'CONFLICT',
      `topic "${topic}" exists already, with ${countOf(existing.partitions.length, 'partition')}; choose another name`,
      {
        field: 'topic',
      },
    )
  await stream.createTopics([topic], partitions === undefined ? {} : { partitions })
  return { done: `created ${topic}`, topics: (await stream.describeTopics([topic])).map((one) => line(catalogue, one)) }
}

async function remove(topic: string, _given: Input, { stream }: ToolContext): Promise<Output> {
  const found = await topicNamed(stream, topic)
  await stream.deleteTopics([topic])
  return { done: `deleted ${topic} with ${countOf(messagesIn(found), 'message')}`, topics: [] }
}

function line(
  catalogue: TopicCatalogue,
  topic: TopicDescription,
  sizes?: ReadonlyMap<string, number>,
): z.input<typeof topicLine> {
  const { name, partitions } = topic
  const bytes = sizes?.get(name)
  const type = catalogue.typeOf(base(name))?.name
  return {
    topic: name,
    partitions: partitions.length,
    messages: messagesIn(topic),
    ...(bytes !== undefined && { bytes }),
    carries: name.endsWith(DEAD_LETTERS) ? `dead letters${type ? ` of ${type}` : ''}` : (type ?? 'other'),
  }
}
