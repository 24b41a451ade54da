import { z } from 'zod'
import { countOf, defineTool, indicatorQueries, indicatorWire } from '../../base/index.ts'
import { fitting } from '../shared/fit.ts'
import { count, most, seriesOut, seriesText } from '../shared/parameters.ts'
import { table } from '../shared/text.ts'

const output = z.object({
  series: seriesOut,
  timeframe: z.string(),
  params: z.string(),
  computed: z.literal('float64').describe('its values are ours and not figures of the source'),
  formula: z.string(),
  missing: count.describe('candles still missing before there can be a value'),
  holes: count.describe('empty buckets among the candles used, which are taken as adjacent'),
  partial: count.describe('closed candles among those used of which a part is not covered'),
  points: z
    .array(z.object({ time: z.string(), is_final: z.boolean(), partial: z.boolean(), value: z.number() }))
    .describe('oldest first'),
})

export const calculateSma = defineTool({
  name: 'calculate_sma',
  title: 'Simple moving average',
  summary:
    'Values over time of the simple moving average of the closes of one coin, oldest first, computed here. For its value now, or other indicators, use technical_analysis.',
  set: 'TimescaleDBFinancialTools',
  effect: 'read',
  input: indicatorQueries.sma.extend({ limit: most(500, 10, 'most values') }),
  output,
  run({ limit, ...query }, { store }) {
    return fitting(limit, 10, async (many) =>
      output.parse(indicatorWire(await store.dsl.calculateSMA({ ...query, limit: many }))),
    )
  },
  text: ({ series, timeframe, params, missing, partial, points }) =>
    `SMA (${params}) over ${timeframe} candles of ${seriesText(series)}${partial > 0 ? `, ${partial} of them partial` : ''}:\n` +
    table(
      points,
      ['time', 'value'],
      undefined,
      `no value: ${countOf(missing, 'more candle is needed', 'more candles are needed')}`,
    ),
})
