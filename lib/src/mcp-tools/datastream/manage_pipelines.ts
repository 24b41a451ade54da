import { z } from 'zod'
import { defineTool, type ToolContext } from '../../base/agent/index.ts'
import { countOf, type DeliveryStats, formatTime, type PartitionLag, QiError, suggest } from '../../base/types/index.ts'
import { cell, saying } from '../shared/text.ts'
import { messagesIn } from '../shared/topics.ts'

const source = z.object({
  source: z.string(),
  state: z.string(),
  received: z.number(),
  published: z.number(),
  invalid: z.number(),
  waiting: z.number().describe('pulled and not yet in the stream'),
  last_record_time: z.string().optional(),
  trouble: z.string().optional(),
})

const pipeline = z.object({
  name: z.string().describe('of the delivery: the pipeline where it ends in the store, else pipeline/destination'),
  pipeline: z.string(),
  group: z.string(),
  topics: z.array(z.string()),
  destination: z.string(),
  state: z.string(),
  read: z.number(),
  written: z.number().describe('records added to the destination'),
  overwritten: z.number().describe('records whose key was there already: one of the two stays'),
  dead_lettered: z.number(),
  skipped: z.number().optional().describe('records that were not delivered before its lag was over its bound'),
  waiting: z.number().describe('read and not yet written'),
  lag: z.number().describe('messages in the stream and not yet acknowledged'),
  last_write_at: z.string().optional(),
  trouble: z.string().optional(),
})

const output = z.object({
  sources: z.array(source).describe('what publishes in this process'),
  pipelines: z.array(pipeline).describe('what brings records of topics to a destination in this process'),
  topics: z
    .array(
      z.object({
        topic: z.string(),
        messages: z.number(),
        lag: z.number(),
        dead_letters: z.number().describe('that wait to be put back; 100 may mean more'),
      }),
    )
    .optional()
    .describe('of the pipeline that was inspected'),
  note: z.string().optional(),
})
type Output = z.input<typeof output>

export const managePipelines = defineTool({
  name: 'manage_pipelines',
  title: 'Pipelines',
  summary:
    'The way of records: sources → topics → pipelines → destinations, each with its state and counters since it started. inspect shows one with its topics, their lag and their dead letters. stream_crypto_data starts and stops sources; dead_letters replays what was refused.',
  set: 'PipelineTools',
  effect: 'read',
  input: z.object({
    action: z.enum(['list', 'inspect']).default('list').describe('what to do'),
    pipeline: z.string().min(1).max(60).optional().describe('of inspect: the name of a delivery, such as crypto-data'),
  }),
  output,
  async run({ action, pipeline: name }, context) {
    const { platform, stream } = context
    const { publishers, consumers, parts } = platform.getStatus()
    const chosen = action === 'list' ? consumers : [consumerNamed(consumers, name)]
    const lags = new Map(await Promise.all(chosen.map(async ({ group }) => [group, await stream.lag(group)] as const)))
    const failed = (part: string) =>
      parts.find((one) => one.name === part && (one.state === 'restarting' || one.state === 'failed'))?.lastError?.message
    const answer: Output = {
      sources: publishers.map(
        ({ source: of, state, received, published, invalid, inFlight, lastRecordTime, trouble, warnings }) => {
          const why = trouble?.error.message ?? warnings?.[0]?.message ?? failed(`source ${of}`)
          return {
            source: of,
            state,
            received,
            published,
            invalid,
            waiting: inFlight,
            ...(lastRecordTime !== null && { last_record_time: formatTime(lastRecordTime) }),
            ...(why !== undefined && { trouble: why.slice(0, 200) }),
          }
        },
      ),
      pipelines: chosen.map((consumer) =>
        describe(consumer, lags.get(consumer.group) ?? [], failed(`consumer ${consumer.name}`)),
      ),
    }
    const [first] = chosen
    if (action === 'inspect' && first) return { ...answer, topics: await topicsOf(first, lags.get(first.group) ?? [], context) }
    return { ...answer, ...(consumers.length === 0 && { note: await whereElse(context) }) }
  },
  facts: ({ note }) => ({ missing: [note] }),
  text: ({ sources, pipelines, topics, note }) =>
    [
      ...sources.map(
        (one) =>
          `source ${one.source}: ${one.state}, ${one.published} published, ${one.invalid} invalid${one.trouble ? `; ${saying(one.trouble)}` : ''}`,
      ),
      ...pipelines.map(
        (one) =>
          `${one.pipeline}: ${countOf(one.topics.length, 'topic')} → ${one.destination}: ${one.state}, ${one.written} written, ${one.overwritten} overwritten, ${countOf(one.dead_lettered, 'dead letter')}, lag ${one.lag}${one.trouble ? `; ${saying(one.trouble)}` : ''}`,
      ),
      ...(topics ?? []).map(
        ({ topic, messages, lag, dead_letters: letters }) =>
          `${cell(topic)}: ${countOf(messages, 'message')}, lag ${lag}, ${countOf(letters, 'dead letter')}`,
      ),
      ...(note ? [note] : []),
    ].join('\n'),
})

function consumerNamed(consumers: readonly DeliveryStats[], name: string | undefined): DeliveryStats {
  const names = consumers.map((consumer) => consumer.name)
  if (name === undefined)
    throw new QiError(
      'BAD_REQUEST',
      `pipeline is missing: name the one to inspect${names.length > 0 ? `, of ${names.join(', ')}` : ''}`,
      {
        field: 'pipeline',
      },
    )
  const found = consumers.find((consumer) => consumer.name === name)
  if (found) return found
  throw new QiError('NOT_FOUND', `pipeline "${name}": none of that name runs in this process${suggest(name, names)}`, {
    field: 'pipeline',
  })
}

function describe(consumer: DeliveryStats, lags: readonly PartitionLag[], failed: string | undefined): z.input<typeof pipeline> {
  const { name, pipeline: of, destination, group, topics, state, read, written, overwritten, deadLettered, waiting } = consumer
  const { skipped, lastWriteAt, trouble } = consumer
  const why = trouble?.error.message ?? failed
  return {
    name,
    pipeline: of,
    group,
    topics: [...topics],
    destination,
    state,
    read,
    written,
    overwritten,
    dead_lettered: deadLettered,
    ...(skipped > 0 && { skipped }),
    waiting,
    lag: lags.reduce((sum, { lag }) => sum + Number(lag), 0),
    ...(lastWriteAt !== undefined && { last_write_at: new Date(lastWriteAt).toISOString() }),
    ...(why !== undefined && { trouble: why.slice(0, 200) }),
  }
}

async function topicsOf({ topics }: DeliveryStats, lags: readonly PartitionLag[], { stream, deadLetters, signal }: ToolContext) {
  const described = await stream.describeTopics(topics)
  return Promise.all(
    described.map(async (topic) => ({
      topic: topic.name,
      messages: messagesIn(topic),
      lag: lags.filter((one) => one.topic === topic.name).reduce((sum, { lag }) => sum + Number(lag), 0),
      dead_letters: (await deadLetters.list({ topic: topic.name, pending: true, limit: 100, signal })).length,
    })),
  )
}

async function whereElse({ coverage }: ToolContext): Promise<string> {
  return (await coverage.platformRuns())
    ? 'no pipeline runs in this process; the platform runs in another one: ask it at /mcp on its port, or look at the lag with manage_consumer_groups'
    : 'no pipeline runs: start the platform with `qicore up`, or a source with stream_crypto_data'
}
