import { z } from 'zod'
import { defineTool } from '../../base/agent/index.ts'
import { currentPriceQuery, logReturns, notFuture, type ReadStore, standardDeviation } from '../../base/database/index.ts'
import { formatTime, MANUAL, QiError } from '../../base/types/index.ts'
import { count } from '../shared/parameters.ts'

const FORMULA =
  'score = 50 + 50 · the mean of the parts there are, each from -1 to 1. breadth: (advancers - decliners) / coins with a 24 hour change, that of exchanges from their trades and candles. ' +
  'volatility: 1 - s_day / s_month, s the standard deviation of hourly log returns of the reference coin over 24 hours and over 30 days. ' +
  "dominance: the fall of bitcoin's share of the capitalisation since the row a day before, in percentage points, / 2. " +
  'Below 40: fear; above 60: greed; between: neutral'

/** Most series that are named. */
const MOST_FROM = 10
const HOURS = { day: 24, month: 720 }
/** Fewer hourly candles than this say nothing of a usual volatility. */
const LEAST_HOURS = 48

/** Reference coins, the first one that is stored counts: an aggregator's, then pairs of exchanges. */
const REFERENCES = ['bitcoin', 'BTC/USDT', 'BTC/USD', 'BTC/USDC', 'BTC/EUR'] as const

/** $1 source, $2 currency: the newest row of the series with the most recent data, and the one a day before it. */
const DOMINANCE = `with newest as (
  select source, currency, time, origin, btc_dominance from market_analytics
  where ($1::text is null or source = $1) and ($2::text is null or currency = $2)
    and ${notFuture('time')}
  order by case origin when 'simulated' then 2 when '${MANUAL}' then 1 else 0 end, time desc limit 1)
select n.source, n.origin = 'simulated' as simulated, n.time, n.btc_dominance::float8 as now, p.btc_dominance::float8 as before from newest as n left join lateral (
  select btc_dominance from market_analytics as m where m.source = n.source and m.currency = n.currency
    and m.time <= n.time - interval '1 day' order by m.time desc limit 1) as p on true`

const part = z.number().min(-1).max(1).optional()

export const marketSentiment = defineTool({
  name: 'market_sentiment',
  title: 'Market sentiment',
  summary:
    'A score from 0 (fear) to 100 (greed) from breadth of prices, volatility of a reference coin and change of bitcoin dominance, with its formula, parts and what is missing. No news, no social media. For the figures themselves use get_market_summary.',
  set: 'AnalyticsTools',
  inDefaultSet: true,
  effect: 'read',
  input: z.object({
    coin: currentPriceQuery.shape.coin
      .optional()
      .describe("the reference coin whose volatility counts; default: bitcoin, else an exchange's pair of BTC"),
    source: currentPriceQuery.shape.source,
    currency: currentPriceQuery.shape.currency,
  }),
  output: z.object({
    score: z.number().describe('0 to 100; a float64 that we computed'),
    reading: z.enum(['fear', 'neutral', 'greed']),
    parts: z.object({ breadth: part, volatility: part, dominance: part }),
    inputs: z.object({
      advancers: count,
      decliners: count,
      unchanged: count,
      volatility_day: z.number().optional().describe('standard deviation of hourly log returns over 24 hours'),
      volatility_month: z.number().optional().describe('the same over 30 days, or as much as is held'),
      btc_dominance: z.number().optional().describe('in per cent'),
      btc_dominance_before: z.number().optional().describe('a day before'),
    }),
    simulated: z.boolean().describe('whether the prices are invented'),
    manual: z.boolean().describe('whether prices were handed in'),
    made_of: z
      .array(z.object({ source: z.string(), simulated: z.boolean(), time: z.string().describe('of its newest datum') }))
      .describe('prices, candles and market figures that went into it'),
    missing: z.array(z.string()).describe('parts for which too little is stored'),
    formula: z.string(),
  }),
  async run({ coin, source, currency }, { reads }) {
    const counted = await breadthOf(reads, source, currency)
    const volatility = await referenceOf(reads, coin === undefined ? REFERENCES : [coin], { source, currency })
    const dominance = await dominanceOf(reads, source, currency)
    const parts = { ...counted.part, ...volatility.part, ...dominance.part }
    const there = Object.values(parts)
    if (there.length === 0)
      throw new QiError(
        'NOT_FOUND',
        `nothing to judge the market by is stored${source ? ` of the source ${source}` : ''}: it takes prices with a 24 hour change, hourly candles of "${coin ?? REFERENCES[0]}", or market figures (get_data_health says what is held)`,
        { field: 'coin' },
      )
    const score = 50 + (50 * there.reduce((sum, value) => sum + value, 0)) / there.length
    return {
      score,
      reading: score < 40 ? ('fear' as const) : score > 60 ? ('greed' as const) : ('neutral' as const),
      parts,
      inputs: { ...counted.inputs, ...volatility.inputs, ...dominance.inputs },
      simulated: counted.simulated,
      manual: counted.manual,
      made_of: [...counted.from, ...volatility.from, ...dominance.from].slice(0, MOST_FROM),
      missing: ['breadth', 'volatility', 'dominance'].filter((name) => !(name in parts)),
      formula: FORMULA,
    }
  },
  facts: ({ made_of, missing }) => ({
    times: made_of.map(({ time }) => time),
    from: made_of,
    missing: missing.map((part) => `no ${part}: too little is stored`),
  }),
  text: ({ score, reading, parts, simulated, manual, missing, formula }) =>
    [
      `${reading}: ${score.toFixed(1)} of 100${simulated ? ' (from simulated prices)' : manual ? ' (from handed-in prices)' : ''}`,
      ...Object.entries(parts).map(([name, value]) => `${name} ${value.toFixed(3)}`),
      ...(missing.length > 0 ? [`too little is stored for: ${missing.join(', ')}`] : []),
      formula,
    ].join('\n'),
})

const within = (value: number): number => Math.max(-1, Math.min(1, value))

async function breadthOf(reads: ReadStore, source?: string, currency?: string) {
  const { breadth } = await reads.dsl.getMarketSummary({
    ...(source !== undefined && { sources: [source] }),
    ...(currency !== undefined && { currencies: [currency] }),
    movers: 1,
  })
  const sum = (name: 'advancers' | 'decliners' | 'unchanged') => breadth.reduce((total, row) => total + row[name], 0)
  const inputs = { advancers: sum('advancers'), decliners: sum('decliners'), unchanged: sum('unchanged') }
  const coins = inputs.advancers + inputs.decliners + inputs.unchanged
  return {
    inputs,
    part: coins > 0 ? { breadth: (inputs.advancers - inputs.decliners) / coins } : {},
    simulated: breadth.some(({ simulated }) => simulated),
    manual: breadth.some(({ source: of }) => of === MANUAL),
    from: breadth.map(({ source: of, simulated, time }) => ({ source: of, simulated, time: formatTime(time) })),
  }
}

interface Of {
  readonly coin: string
  readonly source: string | undefined
  readonly currency: string | undefined
}

/** The volatility of the first of these coins that has one. */
async function referenceOf(reads: ReadStore, coins: readonly string[], of: Omit<Of, 'coin'>) {
  for (const coin of coins) {
    const found = await volatilityOf(reads, { ...of, coin })
    if (found.from.length > 0) return found
  }
  return { inputs: {}, part: {}, from: [] }
}

async function volatilityOf(reads: ReadStore, of: Of) {
  const found = await reads.dsl.getOHLCV({ ...of, timeframe: '1h', limit: HOURS.month + 1 }).catch((error: unknown) => {
    // A market without this coin has two parts left to judge by.
    if (error instanceof QiError && error.code === 'NOT_FOUND') return undefined
    throw error
  })
  // The close of a closed candle of which a part is not covered may not be the last price of its hour.
  const closes = (found?.candles ?? [])
    .filter(({ isFinal, partial, flaw }) => !(isFinal && partial) && flaw === undefined)
    .map(({ close }) => Number(close))
    .filter((close) => close > 0)
  const last = found?.candles.at(-1)
  if (!found || !last || closes.length < LEAST_HOURS) return { inputs: {}, part: {}, from: [] }
  const returns = logReturns(closes)
  const day = standardDeviation(returns.slice(-HOURS.day))
  const month = standardDeviation(returns)
  return {
    inputs: { volatility_day: day, volatility_month: month },
    part: month > 0 ? { volatility: within(1 - day / month) } : {},
    from: [{ source: found.series.source, simulated: last.origin === 'simulated', time: formatTime(last.time) }],
  }
}

interface DominanceRow {
  readonly source: string
  readonly simulated: boolean
  readonly time: Date
  readonly now: number
  readonly before: number | null
}

async function dominanceOf(reads: ReadStore, source?: string, currency?: string) {
  const { rows } = await reads.pool.query<DominanceRow>(DOMINANCE, [source ?? null, currency ?? null])
  const [row] = rows
  if (!row) return { inputs: {}, part: {}, from: [] }
  const from = [{ source: row.source, simulated: row.simulated, time: row.time.toISOString() }]
  if (row.before === null) return { inputs: { btc_dominance: row.now }, part: {}, from }
  return {
    from,
    inputs: { btc_dominance: row.now, btc_dominance_before: row.before },
    part: { dominance: within((row.before - row.now) / 2) },
  }
}
