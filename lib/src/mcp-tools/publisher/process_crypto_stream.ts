import { z } from 'zod'
import { defineTool } from '../../base/agent/index.ts'
import { countOf, formatTime, idCheck, QiError } from '../../base/types/index.ts'
import { resolveCoin } from '../shared/coins.ts'
import { cell, markOf } from '../shared/text.ts'
import { MOST_SCANNED, type Ticks, ticksOfStore, ticksOfStream } from '../shared/ticks.ts'
import { MOVING_AVERAGE, movingAverage, TREND, trend, VOLATILITY, volatility } from '../shared/windowStatistics.ts'

const OPERATIONS = ['moving_average', 'volatility', 'trend'] as const

const output = z.object({
  source: z.string(),
  coin_id: z.string(),
  currency: z.string(),
  of: z.string(),
  read_from: z.string(),
  simulated: z.boolean().describe('true if some of the records are simulated'),
  records: z.number().describe('prices in the window'),
  from: z.string(),
  to: z.string(),
  last: z.number(),
  change_pct: z.number().describe('from the first to the last price of the window'),
  moving_average: z
    .object({ period: z.number(), sma: z.number(), ema: z.number(), distance_pct: z.number(), formula: z.string() })
    .optional(),
  volatility: z
    .object({ returns: z.number(), per_step_pct: z.number(), per_year_pct: z.number().optional(), formula: z.string() })
    .optional(),
  trend: z
    .object({
      direction: z.enum(['up', 'down', 'flat']),
      slope_pct_per_hour: z.number(),
      r_squared: z.number(),
      t: z.number().optional(),
      formula: z.string(),
    })
    .optional(),
  missing: z.array(z.string()).optional().describe('what could not be computed, and why'),
})

export const processCryptoStream = defineTool({
  name: 'process_crypto_stream',
  title: 'Statistics of a live window',
  summary: `Computes moving average, volatility and trend over the newest prices or trades of one coin, in the live stream or the store. Figures are computed numbers and come with their formulas. In the stream the newest ${MOST_SCANNED} messages are scanned; for candles and standard indicators use technical_analysis.`,
  set: 'CryptoDataTools',
  effect: 'read',
  input: z.object({
    coin: z.string().trim().min(1).max(200).check(idCheck).describe('id or ticker, such as bitcoin'),
    operations: z
      .array(z.enum(OPERATIONS))
      .min(1)
      .max(3)
      .default([...OPERATIONS])
      .describe('what to compute'),
    read_from: z.enum(['stream', 'store']).default('stream').describe('the live stream, or what is stored'),
    of: z.enum(['prices', 'trades']).default('prices').describe('the records of the window'),
    source: z.string().min(1).max(100).optional().describe('needed where several sources have the coin'),
    currency: z.string().min(1).max(20).optional().describe('needed where there are several'),
    window: z.int().min(2).max(10_000).default(200).describe('how many of the newest records'),
    period: z.int().min(2).max(5_000).default(20).describe('of the moving average, in records'),
  }),
  output,
  async run(
    { coin, operations, read_from: readFrom, of, source, currency, window, period },
    { reads, stream, signal, progress },
  ) {
    if (operations.includes('moving_average') && period > window)
      throw new QiError('BAD_REQUEST', `period ${period}: more than window ${window}; make it smaller, or the window larger`, {
        field: 'period',
      })
    const wanted = { coin: await resolveCoin(reads, coin), source, currency, window }
    const onProgress = (scanned: number, total: number) => progress(scanned, total, `${scanned} of ${countOf(total, 'message')}`)
    const found =
      readFrom === 'store'
        ? await ticksOfStore(reads, of, wanted)
        : await ticksOfStream(stream, of, wanted, { signal, onProgress })
    return { ...describe(found), of, read_from: readFrom, ...compute(found, operations, period) }
  },
  facts: ({ source, simulated, to, missing = [] }) => ({ times: [to], from: [{ source, simulated }], missing }),
  text: (o) =>
    [
      `${cell(o.coin_id)} at ${cell(o.source)} in ${cell(o.currency)}${markOf(o)}: ${o.records} ${o.of} from ${o.from} to ${o.to}, last ${o.last}, ${o.change_pct.toFixed(3)} %`,
      ...(o.moving_average ? [`SMA(${o.moving_average.period}) ${o.moving_average.sma}, EMA ${o.moving_average.ema}`] : []),
      ...(o.volatility ? [`volatility ${o.volatility.per_step_pct.toPrecision(4)} % a step`] : []),
      ...(o.trend
        ? [
            `trend ${o.trend.direction}, ${o.trend.slope_pct_per_hour.toPrecision(4)} % an hour, R² ${o.trend.r_squared.toFixed(3)}`,
          ]
        : []),
      ...(o.missing ?? []),
    ].join('\n'),
})

function describe({ series, ticks, simulated }: Ticks) {
  const [first, last] = [ticks[0], ticks.at(-1)]
  if (!first || !last)
    throw new QiError('BAD_DATA', `coin "${series.coin_id}": none of its figures is above zero, so nothing can be computed`, {
      field: 'coin',
    })
  return {
    ...series,
    simulated,
    records: ticks.length,
    from: formatTime(first.time),
    to: formatTime(last.time),
    last: last.price,
    change_pct: (last.price / first.price - 1) * 100,
  }
}

function compute({ ticks }: Ticks, operations: readonly (typeof OPERATIONS)[number][], period: number) {
  const missing: string[] = []
  const one = <T extends object>(
    name: (typeof OPERATIONS)[number],
    value: () => T | undefined,
    formula: string,
    need: string,
  ) => {
    if (!operations.includes(name)) return undefined
    const found = value()
    if (!found) missing.push(`${name}: ${need}, and there are ${ticks.length}`)
    return found && { ...found, formula }
  }
  const average = one('moving_average', () => movingAverage(ticks, period), MOVING_AVERAGE, `needs ${period} prices`)
  const spread = one('volatility', () => volatility(ticks), VOLATILITY, 'needs 3 prices')
  const line = one('trend', () => trend(ticks), TREND, 'needs 3 prices at different times')
  return {
    ...(average && { moving_average: average }),
    ...(spread && { volatility: spread }),
    ...(line && { trend: line }),
    ...(missing.length > 0 && { missing }),
  }
}
