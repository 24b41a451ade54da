import { z } from 'zod'
import { defineTool, type ToolContext } from '../../base/agent/index.ts'
import {
  countOf,
  type GroupDescription,
  type PartitionLag,
  type Position,
  QiError,
  type Stream,
  suggest,
} from '../../base/types/index.ts'
import { morePages, someOf } from '../shared/facts.ts'
import { pageAfter } from '../shared/pageOfNames.ts'
import { cell, table } from '../shared/text.ts'
import { topicNamed } from '../shared/topics.ts'

const input = z.object({
  action: z.enum(['list', 'describe', 'reset', 'delete']).default('list').describe('what to do'),
  group: z.string().min(1).max(249).optional().describe('of all but list'),
  topic: z.string().min(1).max(249).optional().describe('of reset: whose offsets to move; of describe: only this topic'),
  to: z
    .enum(['earliest', 'latest', 'offset'])
    .optional()
    .describe('of reset: the oldest message (everything again), the end (nothing waiting), or an offset'),
  partition: z.int().min(0).max(10_000).optional().describe('of reset: only this partition; all when left out'),
  offset: z
    .string()
    .regex(/^\d{1,18}$/, 'expected a whole number as text')
    .optional()
    .describe('of reset to an offset: the next message to read'),
  limit: z.int().min(1).max(100).default(20).describe('most groups, or partitions, in a page'),
  after: z.string().max(300).optional().describe('of list: `next` of the page before'),
})
type Input = z.output<typeof input>

const groupLine = z.object({
  group: z.string(),
  state: z.string(),
  members: z.number(),
  topics: z.number(),
  lag: z.number().describe('messages appended and not yet committed'),
})

const output = z.object({
  done: z.string().optional(),
  groups: z.array(groupLine),
  count: z.number().optional().describe('of all groups'),
  members: z.array(z.object({ id: z.string(), holds: z.array(z.string()).describe('topic/partitions') })).optional(),
  partitions: z
    .array(z.object({ topic: z.string(), partition: z.number(), committed: z.string(), lag: z.number() }))
    .optional()
    .describe('greatest lag first'),
  partitions_in_all: z.number().optional(),
  next: z.string().optional().describe('pass as `after` to get the next page'),
})
type Output = z.input<typeof output>

export const manageConsumerGroups = defineTool({
  name: 'manage_consumer_groups',
  title: 'Consumer groups',
  summary: 'Lists the consumer groups of the stream with their lag, or describes the members and partitions of one.',
  set: 'RedpandaTools',
  effect: 'destroy',
  pages: { by: 'limit' },
  reads: ['list', 'describe'],
  destructive: {
    actions: ['reset', 'delete'],
    summary:
      'reset moves its offsets: to the earliest everything is delivered again, to the latest waiting messages are never delivered. delete removes its offsets, so that the embedded log keeps nothing for it. Both ask first, and are refused while the group has members.',
  },
  input,
  output,
  question: ({ action, group, topic, to, partition, offset }) => {
    if (action === 'delete')
      return `Delete group ${group ?? ''}? What it has not read is never delivered to it; a destination that uses it again starts with the oldest messages of its topics.`
    if (action !== 'reset') return undefined
    const where = `${topic ?? 'a topic'}${partition === undefined ? '' : `, partition ${partition}`}`
    const aim = to === 'offset' ? `offset ${offset}` : `the ${to ?? 'given'} offset`
    return `Move group ${group ?? ''} on ${where} to ${aim}? What it has not read and lies before is never delivered to it; what lies behind is delivered again.`
  },
  async run(given, context) {
    const { action, group } = given
    if (action === 'list') return list(given, context)
    if (group === undefined)
      throw new QiError('BAD_REQUEST', `group is missing: name the group to ${action}; manage_consumer_groups lists them`, {
        field: 'group',
      })
    const found = await groupNamed(context.stream, group)
    return { describe, reset, delete: remove }[action](found, given, context)
  },
  facts: ({ next, partitions = [], partitions_in_all: all = 0 }) => ({
    missing: [morePages(next), someOf(partitions.length, all, 'partition', 'raise limit')],
  }),
  text: ({ done, groups, members, partitions, next, count }) =>
    [
      ...(done ? [done] : []),
      ...(groups.length > 0 || !done
        ? [table(groups, ['group', 'state', 'members', 'topics', 'lag'], next, 'there are no consumer groups')]
        : []),
      ...(members ?? []).map(({ id, holds }) => `${cell(id.slice(0, 60))}: ${holds.map(cell).join(', ')}`),
      ...(partitions ?? []).map(
        ({ topic, partition, committed, lag }) => `${cell(topic)}/${partition} at ${committed}, lag ${lag}`,
      ),
      ...(count !== undefined && next !== undefined ? [`${countOf(count, 'group')} in all`] : []),
    ].join('\n'),
})

async function list({ limit, after }: Input, { stream }: ToolContext): Promise<Output> {
  const all = await stream.describeGroups()
  const { items, next } = pageAfter(all, ({ name }) => name, after, limit)
  const groups = await Promise.all(items.map(async (group) => line(group, await stream.lag(group.name))))
  return { groups, count: all.length, ...(next !== undefined && { next }) }
}

async function describe(group: GroupDescription, { topic, limit }: Input, { stream }: ToolContext): Promise<Output> {
  if (topic !== undefined) await topicNamed(stream, topic)
  const lags = (await stream.lag(group.name)).filter((one) => topic === undefined || one.topic === topic)
  return { ...whole(group, lags, limit), groups: [line(group, lags)] }
}

async function remove(group: GroupDescription, _given: Input, { stream }: ToolContext): Promise<Output> {
  checkEmpty(group)
  const unread = line(group, await stream.lag(group.name)).lag
  await stream.deleteGroup(group.name)
  return { done: `deleted group ${group.name}, which had not read ${countOf(unread, 'message')}`, groups: [] }
}

/** @throws QiError CONFLICT */
function checkEmpty({ name, members }: GroupDescription): void {
  if (members.length === 0) return
  const message = `group "${name}" has ${countOf(members.length, 'member')}: stop its pipeline first (qicore pipeline stop; the platform's own stop with the platform)`
  throw new QiError('CONFLICT', message, { field: 'group' })
}

async function reset(group: GroupDescription, given: Input, { stream }: ToolContext): Promise<Output> {
  checkEmpty(group)
  const positions = await aims(given, stream)
  await stream.resetOffsets(group.name, positions)
  const lags = await stream.lag(group.name)
  return {
    done: `moved ${countOf(positions.length, 'partition')} of ${given.topic} for group ${group.name}`,
    groups: [line(group, lags)],
    ...whole(
      group,
      lags.filter(({ topic }) => topic === given.topic),
      given.limit,
    ),
  }
}

/** @throws QiError BAD_REQUEST naming the argument, NOT_FOUND */
async function aims({ topic: name, to, partition, offset }: Input, stream: Stream): Promise<Position[]> {
  if (name === undefined)
    throw new QiError('BAD_REQUEST', 'topic is missing: name the topic whose offsets are moved', { field: 'topic' })
  if (to === undefined) throw new QiError('BAD_REQUEST', 'to is missing: pass earliest, latest, or offset', { field: 'to' })
  if ((to === 'offset') !== (offset !== undefined))
    throw new QiError('BAD_REQUEST', `offset ${offset ?? 'is missing'}: it goes with to "offset", and only with it`, {
      field: 'offset',
    })
  const { name: topic, partitions } = await topicNamed(stream, name)
  const chosen = partitions.filter((one) => partition === undefined || one.partition === partition)
  if (chosen.length === 0)
    throw new QiError('BAD_REQUEST', `partition ${partition}: ${topic} has ${partitions.length}, counted from 0`, {
      field: 'partition',
    })
  return chosen.map(({ partition: number, earliest, latest }) => {
    const aim = to === 'earliest' ? earliest : to === 'latest' ? latest : BigInt(offset ?? 0)
    if (aim < earliest || aim > latest)
      throw new QiError(
        'BAD_REQUEST',
        `offset ${aim}: partition ${number} of ${topic} holds ${earliest} to ${latest}; choose one of these`,
        {
          field: 'offset',
        },
      )
    return { topic, partition: number, offset: aim }
  })
}

async function groupNamed(stream: Stream, name: string): Promise<GroupDescription> {
  const [found] = await stream.describeGroups([name])
  if (found) return found
  const known = (await stream.describeGroups()).map((group) => group.name)
  const hint = known.length > 20 ? '; manage_consumer_groups lists them' : suggest(name, known)
  throw new QiError('NOT_FOUND', `group "${name.slice(0, 60)}" does not exist${hint}`, { field: 'group' })
}

const line = ({ name, state, members }: GroupDescription, lags: readonly PartitionLag[]): z.input<typeof groupLine> => ({
  group: name,
  state,
  members: members.length,
  topics: new Set(lags.map(({ topic }) => topic)).size,
  lag: lags.reduce((sum, { lag }) => sum + Number(lag), 0),
})

const MOST_HELD = 20

const whole = ({ members }: GroupDescription, lags: readonly PartitionLag[], limit: number): Omit<Output, 'groups'> => ({
  members: members.slice(0, 10).map(({ id, assignments }) => ({ id, holds: held(assignments) })),
  partitions: lags
    .toSorted((a, b) => Number(b.lag - a.lag))
    .slice(0, limit)
    .map(({ topic, partition, offset, lag }) => ({ topic, partition, committed: String(offset), lag: Number(lag) })),
  partitions_in_all: lags.length,
})

/** Partitions by topic, because a member may own hundreds. */
function held(assignments: GroupDescription['members'][number]['assignments']): string[] {
  const topics = [...Map.groupBy(assignments, ({ topic }) => topic)]
  return topics.slice(0, MOST_HELD).map(([topic, of]) => {
    const numbers = of.map(({ partition }) => partition)
    return `${topic}/${numbers.slice(0, MOST_HELD).join(',')}${numbers.length > MOST_HELD ? '…' : ''}`
  })
}
