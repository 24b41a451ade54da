import { setTimeout } from 'node:timers/promises'
import { z } from 'zod'
import {
  type BackfillRequest,
  countOf,
  defineTool,
  formatTime,
  HISTORY_TYPES,
  idCheck,
  QiError,
  readMoment,
  recordTypes,
  TIMEFRAMES,
  type ToolContext,
  toQiError,
} from '../../base/index.ts'
import { resolveCoins } from '../shared/coins.ts'
import { saying } from '../shared/text.ts'

const moment = (what: string) =>
  z
    .string()
    .max(40)
    .refine((text) => isTime(text), 'expected ISO 8601 such as 2026-01-01T00:00:00Z, or a date; without a zone it is UTC')
    .optional()
    .describe(what)

function isTime(text: string): boolean {
  try {
    readMoment(text)
    return true
  } catch {
    return false
  }
}

const input = z.object({
  operation: z
    .enum(['backfill', 'reprocess', 'aggregate'])
    .describe('take history from a provider; write what a topic holds to the sinks again; make the rolled-up bars again'),
  coins: z
    .array(z.string().trim().min(1).max(200).check(idCheck))
    .max(100)
    .optional()
    .describe('of a backfill: ids, such as bitcoin'),
  source: z.string().min(1).max(60).optional().describe('of a backfill: whose history; default: coingecko'),
  currency: z.string().min(1).max(20).optional().describe('of a backfill; default: the first that the source is set to'),
  type: z.enum(HISTORY_TYPES).optional().describe('of a backfill: the record type; candles with a timeframe, else prices'),
  timeframe: z.enum(TIMEFRAMES).optional().describe('of a backfill: candles of this length'),
  from: moment('of a backfill: where it begins; of a reprocess: only what was appended since'),
  to: moment('of a backfill: where it ends; default: now'),
  gaps: z.boolean().default(false).describe('of a backfill: fill what is missing of these coins and sources, or of all'),
  topic: z.string().min(1).max(249).default('crypto-prices').describe('of a reprocess'),
})
type Input = z.output<typeof input>

const output = z.object({
  operation: z.string(),
  seconds: z.number(),
  records: z.number().optional().describe('stored by a backfill; read by a reprocess'),
  calls: z.number().optional().describe('made to the provider'),
  written: z.number().optional().describe('of a reprocess: records that were missing in the store'),
  overwritten: z.number().optional().describe('records whose key was there already; in a backfill, those that it gave twice'),
  dead_lettered: z.number().optional(),
  bars: z.number().optional().describe('that became others than they were'),
  empty: z.array(z.string()).optional().describe('stretches that the provider has nothing of'),
  failures: z.array(z.string()).optional(),
  more: z.string().optional(),
})
type Output = z.input<typeof output>

/** Most lines of a list in an answer. */
const MOST = 10

export const batchProcessData = defineTool({
  name: 'batch_process_data',
  title: 'Backfill, reprocess, aggregate',
  summary:
    'Long work over stored data, with progress; cancelling keeps what is done, and the same call goes on from there. backfill takes history from a provider (coins and from, or gaps: true); reprocess writes what a topic still holds to the sinks again; aggregate makes the bars of a minute and longer again. All of it can be repeated without harm.',
  set: 'CryptoDataTools',
  effect: 'write',
  long: true,
  input,
  output,
  async run(given, context) {
    const started = performance.now()
    const done = await { backfill, reprocess, aggregate }[given.operation](given, context)
    return { operation: given.operation, seconds: Math.round((performance.now() - started) / 10) / 100, ...done }
  },
  text: ({ operation, seconds, empty, failures, more, ...counts }) =>
    [
      `${operation} took ${seconds} s: ${Object.entries(counts)
        .map(([name, count]) => `${name} ${count}`)
        .join(', ')}`,
      ...(failures ?? []).map(saying),
      ...(empty ?? []).map((line) => `nothing there: ${saying(line)}`),
      ...(more ? [more] : []),
    ].join('\n'),
})

type Done = Omit<Output, 'operation' | 'seconds'>

async function backfill(given: Input, { platform, store, signal, progress }: ToolContext): Promise<Done> {
  const request = await requestOf(given, await resolveCoins(store, given.coins ?? []), platform)
  const { calls, records, overwritten, empty, failures } = await platform.backfill(request, {
    signal,
    onProgress: ({ task, calls: made, callsInAll, records: stored }) =>
      progress(
        made,
        callsInAll,
        `${task.covered.coinId}: ${countOf(stored, 'record')} stored, ${made} of ${countOf(callsInAll, 'call')}`,
      ),
  })
  const left = empty.length + failures.length - Math.min(MOST, empty.length) - Math.min(MOST, failures.length)
  if (records === 0 && failures.length > 0 && calls === 0) throw (failures[0] as (typeof failures)[number]).error
  return {
    calls,
    records,
    ...(overwritten > 0 && { overwritten }),
    ...(empty.length > 0 && {
      empty: empty
        .slice(0, MOST)
        .map(
          ({ task, span, reason }) =>
            `${task.covered.coinId} ${formatTime(span.from)} to ${formatTime(span.to)}: ${reason.slice(0, 120)}`,
        ),
    }),
    ...(failures.length > 0 && {
      failures: failures
        .slice(0, MOST)
        .map(({ task, error }) => `${task.covered.coinId}: ${error.code} ${toQiError(error).message.slice(0, 200)}`),
    }),
    ...(left > 0 && {
      more: `${countOf(left, 'further stretch or failure is', 'further stretches or failures are')} left out; ask for fewer coins at a time to see them`,
    }),
  }
}

async function requestOf(
  { source, currency, type, timeframe, from, to, gaps }: Input,
  coins: readonly string[],
  platform: ToolContext['platform'],
): Promise<BackfillRequest> {
  const range = { ...(from !== undefined && { from: readMoment(from) }), ...(to !== undefined && { to: readMoment(to) }) }
  const named = coins.length > 0
  if (gaps)
    return {
      ...range,
      gaps: {
        ...(named && { coins }),
        ...(source !== undefined && { sources: [source] }),
        ...(currency !== undefined && { currencies: [currency] }),
        ...(type !== undefined && { types: [type] }),
        ...(timeframe !== undefined && { timeframes: [timeframe] }),
      },
    }
  if (!named)
    throw new QiError('BAD_REQUEST', 'coins is missing: name the coins to backfill, such as ["bitcoin"], or set gaps to true', {
      field: 'coins',
    })
  if (from === undefined)
    throw new QiError('BAD_REQUEST', 'from is missing: say where the history begins, such as 2026-01-01', { field: 'from' })
  return {
    ...range,
    from: readMoment(from),
    coins,
    source: source ?? usualSource(platform),
    ...(currency !== undefined && { currencies: [currency] }),
    ...(type !== undefined && { type }),
    ...(timeframe !== undefined && { timeframe }),
  }
}

/** One that runs here and gives the past. */
const usualSource = (platform: ToolContext['platform']): string =>
  platform.listSources().find(({ state, history, standsInFor }) => history && state !== 'idle' && !standsInFor)?.name ??
  'coingecko'

async function reprocess({ topic, from }: Input, { platform, signal, progress }: ToolContext): Promise<Done> {
  const known = Object.values(recordTypes).map((type) => type.topic)
  if (!known.includes(topic))
    throw new QiError(
      'BAD_REQUEST',
      `topic "${topic.slice(0, 60)}" carries no records that are stored; those are ${known.join(', ')}`,
      {
        field: 'topic',
      },
    )
  const { read, written, overwritten, deadLettered } = await platform.reprocess(
    { topic, ...(from !== undefined && { appendedFrom: Math.floor(readMoment(from) / 1000) }) },
    { signal, onProgress: ({ read: so, total }) => progress(so, total, `${so} of ${countOf(total, 'record')} of ${topic}`) },
  )
  return { records: read, written, overwritten, dead_lettered: deadLettered }
}

/** Another process may be at it: then its passes do the work, and this only waits until all of it is done. */
async function aggregate(_given: Input, { store: { rollups }, signal, progress }: ToolContext): Promise<Done> {
  await rollups.again()
  const { pending: total } = await rollups.status()
  let bars = 0
  for (;;) {
    signal.throwIfAborted()
    const pass = await rollups.pass()
    bars += pass.bars
    const { pending } = await rollups.status()
    progress(Math.max(0, total - pending), total, countOf(pending, 'stretch is left', 'stretches are left'))
    if (pending === 0) return { bars }
    if (pass.stretches === 0) await setTimeout(100, undefined, { signal })
  }
}
