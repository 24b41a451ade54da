import { z } from 'zod'
import { defineTool } from '../../base/agent/index.ts'
import { candlesQuery, INDICATOR_NAMES, seriesWire } from '../../base/database/index.ts'
import { countOf, formatTime, QiError } from '../../base/types/index.ts'
import { partialOf, someOf } from '../shared/facts.ts'
import { count, seriesOut, seriesText } from '../shared/parameters.ts'
import { READINGS } from '../shared/readings.ts'

/** Indicators of one period. */
const PERIODIC: ReadonlySet<string> = new Set(['sma', 'ema', 'rsi', 'bollinger'])

const SIGNALS = ['up', 'down', 'neutral'] as const

const indicator = z.object({
  name: z.string(),
  params: z.string(),
  values: z.record(z.string(), z.number()).optional().describe('at the latest candle; absent while candles are missing'),
  signal: z.enum(SIGNALS).optional(),
  rule: z.string().optional().describe('by which the values give the signal'),
  partial: count.describe('closed candles with a part that is not covered that went into it'),
  settled: z.boolean().describe('whether enough history went in that its begin no longer shows'),
  missing: count.describe('candles still missing before there can be a value'),
})

export const technicalAnalysis = defineTool({
  name: 'technical_analysis',
  title: 'Technical analysis',
  summary:
    'SMA, EMA, RSI, MACD, Bollinger bands and VWAP of one coin at its latest candle (or the last before `to`), each with what it says by a stated rule; computed here, no forecast. A 20-day average: timeframe 1d, indicators ["sma"], period 20. For values over time use calculate_sma.',
  set: 'AnalyticsTools',
  inDefaultSet: true,
  effect: 'read',
  input: candlesQuery.pick({ coin: true, source: true, currency: true, timeframe: true, to: true }).extend({
    indicators: z.array(z.enum(INDICATOR_NAMES)).min(1).max(6).optional().describe('which of them; all when left out'),
    period: z
      .int()
      .min(2)
      .max(500)
      .optional()
      .describe('of sma, ema, rsi and bollinger, in candles; the usual one of each when left out'),
  }),
  output: z.object({
    series: seriesOut,
    timeframe: z.string(),
    time: z.string().describe('open of the candle that the values belong to'),
    is_final: z.boolean().describe('whether it is closed; the values of an open one still move'),
    covered: z.number().describe('the share of its time that is covered, 0 to 1'),
    partial: count.describe('the most closed candles with a part that is not covered that went into one indicator'),
    close: z.string(),
    computed: z.literal('float64'),
    indicators: z.array(indicator),
    signals: z.object({ up: count, down: count, neutral: count }),
  }),
  async run({ coin: given, indicators = INDICATOR_NAMES, period, to, timeframe, ...of }, { reads }) {
    const { series, candles } = await reads.dsl.getOHLCV({ ...of, coin: given, timeframe, to, limit: 1 })
    const coin = series.coinId
    const [last] = candles
    if (!last)
      throw new QiError(
        'NOT_FOUND',
        `no ${timeframe} candle of "${coin}" lies before \`to\`: pass a later one, or leave it out`,
        {
          field: 'to',
        },
      )
    const query = { coin, source: series.source, currency: series.currency, timeframe, to, limit: 1 }
    const computed = await Promise.all(
      [...new Set(indicators)].map(async (name) => {
        const { params, points, settled, missing, partial } = await reads.dsl.calculateIndicator(name, {
          ...query,
          ...(period !== undefined && PERIODIC.has(name) && { period }),
        })
        const values = points.at(-1)?.values
        return {
          name,
          params,
          ...(values && { values, ...READINGS[name](values, Number(last.close)) }),
          partial,
          settled,
          missing,
        }
      }),
    )
    const counted = (signal: string) => computed.filter((one) => 'signal' in one && one.signal === signal).length
    return {
      series: seriesWire(series),
      timeframe,
      time: formatTime(last.time),
      is_final: last.isFinal,
      covered: last.covered,
      partial: Math.max(0, ...computed.map(({ partial }) => partial)),
      close: last.close,
      computed: 'float64' as const,
      indicators: computed,
      signals: { up: counted('up'), down: counted('down'), neutral: counted('neutral') },
    }
  },
  facts: ({ series, time, is_final, covered, partial, indicators }) => ({
    times: [time],
    from: [series],
    missing: [
      covered < 1 && `the candle of ${time} is ${is_final ? 'partial' : 'open'}, ${Math.floor(covered * 100)} % covered`,
      partialOf(partial),
      someOf(indicators.filter(({ values }) => values).length, indicators.length, 'indicator', 'too few candles for the others'),
    ],
  }),
  text: ({ series, timeframe, time, is_final, covered, partial, close, indicators, signals }) =>
    [
      `${seriesText(series)}, ${timeframe} candle of ${time}: close ${close}; ${signals.up} say up, ${signals.down} down, ${signals.neutral} neither`,
      ...(covered < 1 ? [`this candle is ${is_final ? 'partial' : 'open'}: ${Math.floor(covered * 100)} % covered`] : []),
      ...(partial > 0 ? [`${countOf(partial, 'closed candle is', 'closed candles are')} partial`] : []),
      ...indicators.map(({ name, params, values, signal, missing }) =>
        values
          ? `${name} (${params}): ${Object.entries(values)
              .map(([key, value]) => `${key} ${Number(value.toPrecision(12))}`)
              .join(', ')} → ${signal}`
          : `${name} (${params}): ${countOf(missing, 'more candle is needed', 'more candles are needed')}`,
      ),
    ].join('\n'),
})
