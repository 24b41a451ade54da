import { z } from 'zod'
import { defineTool } from '../../base/agent/index.ts'
import { type Candle, type Candles, candlesQuery, logReturns, pearson, seriesWire } from '../../base/database/index.ts'
import { countOf, formatTime, QiError } from '../../base/types/index.ts'
import { resolveCoins } from '../shared/coins.ts'
import { someOf } from '../shared/facts.ts'
import { count, seriesOut } from '../shared/parameters.ts'
import { cell } from '../shared/text.ts'

const MOST_COINS = 8
const LEAST_RETURNS = 3
const { source, currency, timeframe, from, to, coin } = candlesQuery.shape

export const correlation = defineTool({
  name: 'correlation',
  title: 'Correlation of coins',
  summary:
    "Pearson's correlation of the log returns of two or more coins, over the wholly covered candles that all of them have. Says over how many returns and " +
    'which window it was computed; few returns say little.',
  set: 'AnalyticsTools',
  effect: 'read',
  input: z.object({
    coins: z.array(coin).min(2).max(MOST_COINS).describe(`two to ${MOST_COINS} coins`),
    source,
    currency,
    timeframe,
    from,
    to,
    limit: z
      .int()
      .min(LEAST_RETURNS + 1)
      .max(5000)
      .default(168)
      .describe('candles of each coin; the latest of the range'),
  }),
  output: z.object({
    formula: z.string(),
    computed: z.literal('float64'),
    timeframe: z.string(),
    from: z.string().describe('open of the first common candle'),
    to: z.string().describe('open of the last common candle'),
    candles: count.describe('candles that all coins have'),
    n: count.describe('returns that went into each figure'),
    holes: count.describe(
      'candles between the first and the last that not all coins have, or not wholly: returns across them span more than one bucket',
    ),
    series: z.array(seriesOut),
    pairs: z.array(
      z.object({ a: z.string(), b: z.string(), r: z.number().optional().describe('absent where one of the two did not move') }),
    ),
  }),
  async run({ coins: given, limit, ...query }, { reads }) {
    const coins = [...new Set(await resolveCoins(reads, given, oneOf(query)))]
    if (coins.length < 2)
      throw new QiError('BAD_REQUEST', `coins: "${coins[0]}" is named twice; name two different coins`, { field: 'coins' })
    const all = await Promise.all(coins.map((name) => reads.dsl.getOHLCV({ ...query, coin: name, limit })))
    const times = commonTimes(all)
    if (times.length <= LEAST_RETURNS)
      throw new QiError(
        'NOT_FOUND',
        `these coins have ${countOf(times.length, `${query.timeframe} candle`)} in common, and ${LEAST_RETURNS + 1} are needed: choose another timeframe, range or source (get_data_health says what is held)`,
        { field: 'coins' },
      )
    const returns = all.map(({ candles }) => {
      const closes = new Map(candles.map(({ time, close }) => [time, Number(close)]))
      return logReturns(times.map((time) => closes.get(time) as number))
    })
    const [first, last] = [times[0] as number, times.at(-1) as number]
    const union = new Set(
      all.flatMap(({ candles }) => candles.map(({ time }) => time).filter((time) => time > first && time < last)),
    )
    return {
      formula: "Pearson's r of ln(close_t / close_{t-1}) over the candles that all coins have",
      computed: 'float64' as const,
      timeframe: query.timeframe,
      from: formatTime(first),
      to: formatTime(last),
      candles: times.length,
      n: times.length - 1,
      holes: union.size + 2 - times.length,
      series: all.map(({ series }) => seriesWire(series)),
      pairs: pairsOf(coins, returns),
    }
  },
  facts: ({ series, to, holes, pairs }) => ({
    times: [to],
    from: series,
    missing: [
      holes > 0 && `${countOf(holes, 'candle')} between that not all have wholly`,
      someOf(pairs.filter(({ r }) => r !== undefined).length, pairs.length, 'pair', 'of the others a coin did not move'),
    ],
  }),
  text: ({ timeframe, from, to, n, pairs }) =>
    [
      `over ${countOf(n, `common ${timeframe} return`)} from ${from} to ${to}:`,
      ...pairs.map(({ a, b, r }) => `${cell(a)} and ${cell(b)}: ${r === undefined ? 'none, one did not move' : r.toFixed(3)}`),
    ].join('\n'),
})

const oneOf = ({ source, currency }: { readonly source?: string | undefined; readonly currency?: string | undefined }) => ({
  ...(source !== undefined && { sources: [source] }),
  ...(currency !== undefined && { currencies: [currency] }),
})

/** The close of a closed candle of which a part is not covered may not be the last price of its time. */
const isUsable = ({ isFinal, partial, flaw, close }: Candle): boolean =>
  !(isFinal && partial) && flaw === undefined && Number(close) > 0

function commonTimes(all: readonly Pick<Candles, 'candles'>[]): number[] {
  const seen = new Map<number, number>()
  for (const { candles } of all)
    for (const candle of candles) {
      const { time } = candle
      if (isUsable(candle)) seen.set(time, (seen.get(time) ?? 0) + 1)
    }
  return [...seen]
    .filter(([, coins]) => coins === all.length)
    .map(([time]) => time)
    .sort((a, b) => a - b)
}

function pairsOf(coins: readonly string[], returns: readonly (readonly number[])[]) {
  return coins.flatMap((a, i) =>
    coins.slice(i + 1).map((b, j) => {
      const r = pearson(returns[i] as number[], returns[i + 1 + j] as number[])
      return { a, b, ...(r !== undefined && { r }) }
    }),
  )
}
