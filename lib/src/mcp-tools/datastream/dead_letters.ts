import { z } from 'zod'
import { defineTool, type ToolContext } from '../../base/agent/index.ts'
import { type DeadLetterEntry, errorMessage, QiError } from '../../base/types/index.ts'
import { morePages } from '../shared/facts.ts'
import { handedIn } from '../shared/storeRecords.ts'
import { saying, table } from '../shared/text.ts'

const ID = /^[a-zA-Z0-9._-]{1,249}\.dlq\/\d{1,9}\/\d{1,19}$/
const id = z.string().regex(ID, 'expected the id of a dead letter, such as crypto-prices.dlq/0/17')

const input = z.object({
  action: z.enum(['list', 'inspect', 'replay']).default('list').describe('what to do'),
  topic: z.string().min(1).max(249).optional().describe('of list: only dead letters of this topic, such as crypto-prices'),
  destination: z.string().min(1).max(60).optional().describe('of list: only what this destination refused or did not get'),
  pending: z.boolean().default(true).describe('of list: only those that were not put back'),
  limit: z.int().min(1).max(50).default(10).describe('of list: most entries'),
  after: id.optional().describe('of list: `next` of the page before, which were newer'),
  ids: z.array(id).min(1).max(100).optional().describe('of inspect and replay'),
  value: z
    .string()
    .max(100_000)
    .optional()
    .describe(
      'of a replay of one: a corrected value to put back instead of the original; it is stored as source and origin manual',
    ),
})
type Input = z.output<typeof input>

const letter = z.object({
  id: z.string(),
  topic: z.string(),
  stage: z
    .string()
    .describe(
      'publish: on its way into the stream; store: on its way into a destination; read: damaged bytes of the stream; skipped: a range that a destination did not get',
    ),
  pipeline: z.string().optional(),
  destination: z.string().optional().describe('the one that refused it; a replay is for it alone'),
  at: z.string(),
  reason: z.string(),
  times: z.number().describe('letters with the same original'),
  replayed: z.boolean(),
  source: z.string().optional(),
  attempts: z.number().optional(),
  key: z.string().nullable().optional(),
  origin: z.string().optional().describe('topic/partition/offset of the original'),
  encoding: z.string().optional(),
  value: z.string().optional().describe('the original'),
  value_cut_at: z.number().optional().describe('of so many characters only the first are shown'),
})

const output = z.object({
  letters: z.array(letter).describe('newest first'),
  more: z.boolean().optional(),
  next: z.string().optional().describe('pass as `after` to get the next page, of older ones'),
  replayed: z.number().optional().describe('records put back into their topics'),
  refused: z
    .array(z.object({ id: z.string(), why: z.string() }))
    .optional()
    .describe('these were not sent'),
})
type Output = z.input<typeof output>

/** Most letters that are searched; older ones are found by topic, or on the command line. */
const MOST = 5000
const MOST_VALUE = 1500

export const deadLetters = defineTool({
  name: 'dead_letters',
  title: 'Dead letters',
  summary:
    'Records that could not be published or delivered, with the reason. list them, newest first; inspect shows the original; replay puts them back into their topics, as they are or, one at a time, with a corrected value. Each is checked as a record first; replaying twice does no harm.',
  set: 'PipelineTools',
  effect: 'write',
  pages: { by: 'limit' },
  reads: ['list', 'inspect'],
  input,
  output,
  async run(given, context) {
    if (given.action === 'list') return list(given, context)
    if (given.ids === undefined)
      throw new QiError('BAD_REQUEST', `ids is missing: name the dead letters to ${given.action}; dead_letters lists them`, {
        field: 'ids',
      })
    return given.action === 'inspect' ? inspect(given.ids, context) : replay(given.ids, given.value, context)
  },
  facts: ({ letters, more = false, next }) => ({
    times: letters.map(({ at }) => at),
    from: letters,
    missing: [next === undefined ? more && 'more: inspect fewer ids at a time' : morePages(next)],
  }),
  text: ({ letters, next, replayed, refused }) =>
    [
      ...(replayed === undefined
        ? [table(letters, ['id', 'stage', 'destination', 'at', 'reason', 'replayed'], next, 'there are no dead letters')]
        : [`${replayed} put back into their topics, ${refused?.length ?? 0} refused`]),
      ...(refused ?? []).slice(0, 10).map(({ id: of, why }) => `${of}: ${saying(why)}`),
    ].join('\n'),
})

async function list(
  { topic, destination, pending, limit, after }: Input,
  { deadLetters: box, signal }: ToolContext,
): Promise<Output> {
  const all = await box.list({
    ...(topic !== undefined && { topic }),
    ...(destination !== undefined && { destination }),
    pending,
    limit: after === undefined ? limit + 1 : MOST,
    signal,
  })
  const newestFirst = all.toReversed()
  const at = after === undefined ? -1 : newestFirst.findIndex((entry) => entry.id === after)
  if (after !== undefined && at < 0)
    throw new QiError(
      'NOT_FOUND',
      `after "${after}": it is not among the newest ${MOST} any more; list from the start, or pass topic`,
      {
        field: 'after',
      },
    )
  const page = newestFirst.slice(at + 1, at + 1 + limit)
  const last = page.at(-1)
  const more = newestFirst.length > at + 1 + limit
  return { letters: page.map((entry) => short(entry)), more, ...(more && last && { next: last.id }) }
}

/** As many originals as fit into an answer; ask for the others by id. */
async function inspect(ids: readonly string[], { deadLetters: box, signal }: ToolContext): Promise<Output> {
  const all = new Map((await box.list({ limit: MOST, signal })).map((entry) => [entry.id, entry]))
  const found = ids.map((one) => all.get(one))
  const missing = ids.find((_, i) => found[i] === undefined)
  if (missing !== undefined)
    throw new QiError(
      'NOT_FOUND',
      `ids "${missing}": there is no such dead letter among the newest ${MOST}; dead_letters lists them`,
      {
        field: 'ids',
      },
    )
  const each = Math.max(100, Math.floor(MOST_VALUE / ids.length))
  return { letters: found.slice(0, 10).flatMap((entry) => (entry ? [whole(entry, each)] : [])), more: found.length > 10 }
}

async function replay(ids: readonly string[], value: string | undefined, context: ToolContext): Promise<Output> {
  const { deadLetters: box, signal } = context
  const [only, ...others] = ids as [string, ...string[]]
  if (value !== undefined && others.length > 0)
    throw new QiError('BAD_REQUEST', `value: it mends one dead letter, and ids names ${ids.length}; pass one id at a time`, {
      field: 'value',
    })
  const input = value === undefined ? { ids } : { entries: [await mendedEntry(only, value, context)] }
  const { replayed, refused } = await box.replay(input, { signal })
  return {
    letters: [],
    replayed,
    ...(refused.length > 0 && {
      refused: refused
        .slice(0, 20)
        .map(({ id: of, index, error }) => ({ id: of ?? ids[index] ?? '', why: error.message.slice(0, 200) })),
    }),
  }
}

/** A corrected value is the caller's, not a provider's: it is marked manual, like every handed-in record. */
async function mendedEntry(id: string, value: string, { deadLetters, catalogue, signal }: ToolContext) {
  const { topic, pipeline, destination, lastOffset, schemaId } = await letterOf(id, deadLetters, signal)
  const type = lastOffset === undefined ? catalogue.typeOf(topic) : undefined
  if (!type)
    throw new QiError('BAD_REQUEST', `ids "${id}": it holds no record of ${topic} that could be mended; replay it as it is`, {
      field: 'ids',
    })
  return {
    ...{ id, topic, value: JSON.stringify(type.toWire(handedIn(type, theirs(value)), Buffer.from(value))) },
    ...(pipeline !== undefined && destination !== undefined && { pipeline, destination }),
    ...(schemaId !== undefined && { schemaId }),
  }
}

/** Drops source, origin and received_at, which a corrected record mostly repeats. @throws QiError BAD_REQUEST */
function theirs(value: string): unknown {
  try {
    const { source: _, origin: __, received_at: ___, ...wire } = JSON.parse(value) as Record<string, unknown>
    return wire
  } catch (error) {
    throw new QiError('BAD_REQUEST', `value: not a record in JSON (${errorMessage(error)})`, { field: 'value', cause: error })
  }
}

async function letterOf(one: string, box: ToolContext['deadLetters'], signal: AbortSignal): Promise<DeadLetterEntry> {
  const found = (await box.list({ limit: MOST, signal })).find((entry) => entry.id === one)
  if (found) return found
  throw new QiError('NOT_FOUND', `ids "${one}": there is no such dead letter; dead_letters lists them`, { field: 'ids' })
}

const short = ({
  id: of,
  topic,
  stage,
  pipeline,
  destination,
  timestamp,
  reason,
  times,
  replayed,
  source,
}: DeadLetterEntry): z.input<typeof letter> => ({
  id: of,
  topic,
  stage,
  ...(pipeline !== undefined && { pipeline }),
  ...(destination !== undefined && { destination }),
  at: new Date(timestamp).toISOString(),
  reason: reason.slice(0, 150),
  times,
  replayed,
  ...(source !== undefined && { source: source.slice(0, 60) }),
})

const originText = (topic: string, partition: number | undefined, first: bigint, last: bigint | undefined): string =>
  `${topic}/${partition}/${first}${last === undefined || last === first ? '' : ` to ${last}`}`

function whole(entry: DeadLetterEntry, most: number): z.input<typeof letter> {
  const { attempts, key, partition, offset, lastOffset, encoding, value } = entry
  return {
    ...short(entry),
    reason: entry.reason.slice(0, 600),
    attempts,
    key: key === null ? null : key.slice(0, 200),
    ...(offset !== undefined && { origin: originText(entry.topic, partition, offset, lastOffset) }),
    encoding,
    value: value.slice(0, most),
    ...(value.length > most && { value_cut_at: value.length }),
  }
}
