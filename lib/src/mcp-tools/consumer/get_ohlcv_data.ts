import { z } from 'zod'
import { defineTool } from '../../base/agent/index.ts'
import { candlesQuery, candleWire, seriesWire } from '../../base/database/index.ts'
import { partialOf } from '../shared/facts.ts'
import { limitOf, othersOf, othersOut, seriesOut, seriesText } from '../shared/parameters.ts'
import { table } from '../shared/text.ts'

const candle = z.object({
  time: z.string().describe('its UTC open'),
  open: z.string(),
  high: z.string(),
  low: z.string(),
  close: z.string(),
  volume: z.unknown().optional(),
  trade_count: z.unknown().optional(),
  is_final: z.boolean().describe('true if it is closed'),
  origin: z.string(),
  built_from: z.string(),
  from_timeframe: z.string().optional().describe('the length of the bars it was rolled up from'),
  covered: z.number().describe('the share of its time that is covered, 0 to 1'),
  partial: z.boolean().describe('true if a part of its time is not covered'),
  flaw: z.string().optional().describe('why the bar of the source cannot be right'),
})

/** Notes on incomplete and flawed candles. */
function incomplete(candles: readonly z.output<typeof candle>[]): string[] {
  const partial = candles.filter((one) => one.partial)
  const flawed = candles.filter(({ flaw }) => flaw !== undefined)
  return [
    ...partial.map(
      ({ time, covered, is_final }) => `${is_final ? 'partial' : 'open'}: ${time}, ${Math.floor(covered * 100)} % covered`,
    ),
    ...flawed.map(({ time, flaw }) => `flawed: ${time}, ${flaw}`),
  ]
}

const PRESET = 10

export const getOhlcvData = defineTool({
  name: 'get_ohlcv_data',
  title: 'Candles',
  summary:
    'Candles of one coin over time, such as its last week: the bars of the provider where held, else built from finer data. The latest of the range, oldest first; pass `before` as `to` for earlier ones. For the price now use get_latest_prices.',
  set: 'TimescaleDBFinancialTools',
  inDefaultSet: true,
  effect: 'read',
  pages: { by: 'limit', preset: PRESET },
  input: candlesQuery.extend({ limit: limitOf(500, PRESET, 'most candles') }),
  output: z.object({
    series: seriesOut,
    timeframe: z.string(),
    candles: z.array(candle),
    before: z.string().optional().describe('pass as `to` to get the candles before; absent where there are none'),
    others: othersOut.describe('other series of this coin'),
  }),
  async run({ limit = PRESET, ...query }, { reads }) {
    const found = await reads.dsl.getOHLCV({ ...query, limit: limit + 1 })
    const candles = found.candles.slice(-limit).map((item) => candle.parse(candleWire(item)))
    return {
      series: seriesWire(found.series),
      timeframe: found.timeframe,
      candles,
      ...(found.candles.length > limit && candles[0] && { before: candles[0].time }),
      others: othersOf(found.otherSeries.map(seriesWire)),
    }
  },
  facts: ({ series, candles, before }) => ({
    times: [candles.at(-1)?.time],
    from: candles.length > 0 ? candles.map(({ origin }) => ({ source: series.source, origin })) : [series],
    missing: [
      partialOf(candles.filter(({ partial, is_final }) => partial && is_final).length),
      candles.some(({ is_final }) => !is_final) && 'the last candle is open',
      before !== undefined && `earlier candles: pass to: "${before}"`,
    ],
  }),
  text: ({ series, timeframe, candles, before }) =>
    [
      `${timeframe} candles of ${seriesText(series)}:`,
      table(candles, ['time', 'open', 'high', 'low', 'close', 'volume'], undefined, 'none in this range'),
      ...incomplete(candles),
      ...(before ? [`more: pass to: "${before}"`] : []),
    ].join('\n'),
})
