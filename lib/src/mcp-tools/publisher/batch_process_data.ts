import { setTimeout } from 'node:timers/promises'
import { z } from 'zod'
import { defineTool, type ToolContext } from '../../base/agent/index.ts'
import { candlesQuery } from '../../base/database/index.ts'
import {
  type BackfillRequest,
  countOf,
  formatTime,
  HISTORY_TYPES,
  idCheck,
  QiError,
  recordTypes,
  TIMEFRAMES,
  toQiError,
} from '../../base/types/index.ts'
import { saying } from '../shared/text.ts'

const { from, to } = candlesQuery.shape

const input = z.object({
  operation: z
    .enum(['backfill', 'reprocess', 'aggregate'])
    .describe('take history from a provider; write the records of a topic to the store again; rebuild the rolled-up bars'),
  coins: z
    .array(z.string().trim().min(1).max(200).check(idCheck))
    .max(100)
    .optional()
    .describe('of a backfill: ids, tickers or names, such as bitcoin'),
  source: z.string().min(1).max(60).optional().describe('of a backfill: whose history; default: coingecko'),
  currency: z.string().min(1).max(20).optional().describe('of a backfill; default: the first that the source is set to'),
  type: z.enum(HISTORY_TYPES).optional().describe('of a backfill: the record type; candles with a timeframe, else prices'),
  timeframe: z.enum(TIMEFRAMES).optional().describe('of a backfill: candles of this length'),
  from: from.describe('of a backfill: where it begins; of a reprocess: only what was appended since; 2026-01-31, ISO 8601, -7d'),
  to: to.describe('of a backfill: where it ends; default: now'),
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
  overwritten: z.number().optional().describe('records whose key was already stored; in a backfill, those that came twice'),
  dead_lettered: z.number().optional(),
  bars: z.number().optional().describe('bars that changed'),
  empty: z.array(z.string()).optional().describe('ranges that the provider has nothing of'),
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
    'Long work over stored data, with progress; cancelling keeps what is done, and the same call goes on from there. backfill takes history from a provider (coins and from, or gaps: true); reprocess writes the records of a topic to the store again; aggregate rebuilds the bars of a minute and longer. All of it can be repeated without harm.',
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

async function backfill(given: Input, { platform, signal, progress }: ToolContext): Promise<Done> {
  const request = requestOf(given, given.coins ?? [], platform)
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

function requestOf(
  { source, currency, type, timeframe, from, to, gaps }: Input,
  coins: readonly string[],
  platform: ToolContext['platform'],
): BackfillRequest {
  const range = { ...(from !== undefined && { from }), ...(to !== undefined && { to }) }
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
    from,
    coins,
    source: source ?? defaultSource(platform),
    ...(currency !== undefined && { currencies: [currency] }),
    ...(type !== undefined && { type }),
    ...(timeframe !== undefined && { timeframe }),
  }
}

/** A running source with history, else CoinGecko. */
const defaultSource = (platform: ToolContext['platform']): string =>
  platform.listSources().find(({ state, history, fallbackFor }) => history && state !== 'idle' && !fallbackFor)?.name ??
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
    { topic, ...(from !== undefined && { appendedFrom: Math.floor(from / 1000) }) },
    { signal, onProgress: ({ read: so, total }) => progress(so, total, `${so} of ${countOf(total, 'record')} of ${topic}`) },
  )
  return { records: read, written, overwritten, dead_lettered: deadLettered }
}

/** If another process does the rollups, this only waits until all of them are done. */
async function aggregate(_given: Input, { store: { rollups }, signal, progress }: ToolContext): Promise<Done> {
  await rollups.rebuild()
  const { pending: total } = await rollups.status()
  let bars = 0
  for (;;) {
    signal.throwIfAborted()
    const pass = await rollups.pass()
    bars += pass.bars
    const { pending } = await rollups.status()
    progress(Math.max(0, total - pending), total, countOf(pending, 'stretch is left', 'stretches are left'))
    if (pending === 0) return { bars }
    if (pass.ranges === 0) await setTimeout(100, undefined, { signal })
  }
}
