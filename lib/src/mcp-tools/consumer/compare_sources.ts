import { z } from 'zod'
import { defineTool } from '../../base/agent/index.ts'
import { compareQuery, compareWire, parseQuery } from '../../base/database/index.ts'
import { countOf } from '../../base/types/index.ts'
import { count } from '../shared/parameters.ts'
import { cell, markOf } from '../shared/text.ts'

const key = z.object({ coin_id: z.string(), source: z.string(), currency: z.string() })
const bps = z.number().optional()

export const compareSources = defineTool({
  name: 'compare_sources',
  title: 'Sources compared',
  summary:
    'The price of one asset at each of its sources, and how far each is from a reference in the same currency: now, and over the candles that both have. `like` compares USD and USDT. Stale prices are marked and not compared.',
  set: 'AnalyticsTools',
  effect: 'read',
  input: compareQuery,
  output: z.object({
    coin: z.string(),
    timeframe: z.string(),
    max_age: z.number().describe('seconds'),
    computed: z.literal('float64').describe('basis points, correlations and ages; prices and differences are exact'),
    series: z.array(
      key.extend({
        simulated: z.boolean(),
        price: z.string().optional(),
        built_from: z.enum(['prices', 'trades', 'candles']).optional(),
        time: z.string().optional(),
        age_seconds: z.number().optional(),
        stale: z.boolean(),
        candles: count.describe('whole candles of the range'),
      }),
    ),
    pairs: z.array(
      z.object({
        reference: key,
        other: key,
        difference: z.string().optional().describe("the other's price - the reference's, exact; absent if one is stale"),
        difference_bps: bps.describe('of the reference; above 0 where the other is higher'),
        candles: count.describe('whole candles that both have; the figures below are of their closes'),
        only_reference: count.describe('candles between that only the reference has'),
        only_other: count,
        mean_bps: bps,
        median_bps: bps.describe('of the differences without their sign'),
        greatest: z.object({ time: z.string(), bps: z.number(), reference: z.string(), other: z.string() }).optional(),
        correlation: bps.describe("Pearson's r of the log returns"),
      }),
    ),
  }),
  run: async (query, { reads }) => compareWire(await reads.dsl.compareSources(parseQuery(compareQuery, query))),
  facts: ({ series, pairs }) => ({
    times: series.flatMap(({ time }) => time ?? []),
    from: series,
    missing: [
      pairs.length === 0 && 'no two sources have it in one currency: pass like for USD and USDT, or name another asset',
      ...staleOf(series),
      ...pairs
        .filter(({ candles }) => candles === 0)
        .map(({ reference, other }) => `no common candle of ${nameOf(reference)} and ${nameOf(other)}`),
    ],
  }),
  text: ({ series, pairs, timeframe }) =>
    [
      ...series.map(
        (one) =>
          `${nameOf(one)}${markOf(one)}: ${one.price === undefined ? 'no price' : `${one.price} at ${one.time}`}${one.stale ? ' (stale)' : ''}`,
      ),
      ...pairs.map(
        ({ reference, other, difference, difference_bps, candles, median_bps, correlation }) =>
          `${nameOf(other)} is ${difference === undefined ? 'not compared now' : `${difference}${bpsText(difference_bps)} from ${nameOf(reference)}`}; over ${countOf(candles, `common ${timeframe} candle`)}: ${median_bps === undefined ? 'nothing' : `median difference ${median_bps.toFixed(2)} bps${correlation === undefined ? '' : `, correlation ${correlation.toFixed(4)}`}`}`,
      ),
    ].join('\n'),
})

const nameOf = ({ coin_id, source, currency }: z.output<typeof key>): string =>
  `${cell(coin_id)} at ${cell(source)} in ${cell(currency)}`
const bpsText = (value: number | undefined): string => (value === undefined ? '' : ` (${value.toFixed(2)} bps)`)

function staleOf(series: readonly { readonly stale: boolean }[]): string[] {
  const stale = series.filter((one) => one.stale).length
  return stale > 0 ? [`${countOf(stale, 'price is', 'prices are')} stale: raise max_age, or see get_data_health`] : []
}
