import { z } from 'zod'
import { defineTool } from '../../base/agent/index.ts'
import { anomaliesQuery, anomaliesWire } from '../../base/database/index.ts'
import { countOf } from '../../base/types/index.ts'
import { count, limitOf, seriesOut, seriesText } from '../shared/parameters.ts'
import { table } from '../shared/text.ts'

const output = z.object({
  series: seriesOut,
  timeframe: z.string(),
  window: count,
  threshold: z.number(),
  computed: z.literal('float64').describe('scores and bands are ours and not figures of the source'),
  examined: count.describe('candles that were scored'),
  partial: count.describe('closed candles that were left out, since a part of them is not covered'),
  missing: count.describe('returns still missing before a candle can be scored'),
  found: count.describe('anomalies in the range'),
  anomalies: z
    .array(
      z.object({
        time: z.string(),
        close: z.string(),
        previous_close: z.string(),
        log_return: z.number(),
        score: z.number().optional().describe('robust standard deviations; absent where nothing moved before'),
        lower: z.number(),
        upper: z.number(),
      }),
    )
    .describe('the latest ones, oldest first'),
  before: z.string().optional().describe('pass as `to` to get the anomalies before'),
})

const PRESET = 8

export const detectPriceAnomalies = defineTool({
  name: 'detect_price_anomalies',
  title: 'Price anomalies',
  summary:
    'Unusual moves of one coin: candles whose log return lies further than `threshold` robust standard deviations from the median of the `window` returns before. For the largest moves of all coins use get_market_summary.',
  set: 'TimescaleDBFinancialTools',
  inDefaultSet: true,
  effect: 'read',
  pages: { by: 'most', preset: PRESET },
  input: anomaliesQuery.extend({ most: limitOf(500, PRESET, 'most anomalies in the answer; the latest') }),
  output,
  async run({ most: many = PRESET, ...query }, { reads }) {
    const { anomalies, ...found } = anomaliesWire(await reads.dsl.detectPriceAnomalies(query))
    const shown = anomalies.slice(-many)
    const before = anomalies.length > shown.length ? shown[0]?.time : undefined
    return output.parse({ ...found, found: anomalies.length, anomalies: shown, before })
  },
  facts: ({ series, partial, missing, before }) => ({
    times: [series.latest],
    from: [series],
    missing: [
      missing > 0 && countOf(missing, 'more return is needed', 'more returns are needed'),
      partial > 0 && `${countOf(partial, 'partly covered candle')} left out`,
      before !== undefined && `earlier anomalies: pass to: "${before}"`,
    ],
  }),
  text: ({ series, timeframe, examined, partial, missing, found, anomalies, before }) =>
    [
      `${countOf(found, 'anomaly', 'anomalies')} in ${countOf(examined, `${timeframe} candle`)} of ${seriesText(series)}${missing ? `; ${countOf(missing, 'more return is needed', 'more returns are needed')}` : ''}${partial > 0 ? `; ${countOf(partial, 'partial candle')} left out` : ''}`,
      ...(found > 0 ? [table(anomalies, ['time', 'previous_close', 'close', 'score'], undefined, '')] : []),
      ...(before ? [`earlier ones: pass to: "${before}"`] : []),
    ].join('\n'),
})
