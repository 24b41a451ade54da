import { z } from 'zod'
import { defineTool } from '../../base/agent/index.ts'
import { indicatorQueries, indicatorWire } from '../../base/database/index.ts'
import { countOf } from '../../base/types/index.ts'
import { partialOf } from '../shared/facts.ts'
import { count, limitOf, seriesOut, seriesText } from '../shared/parameters.ts'
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

const PRESET = 10

export const calculateSma = defineTool({
  name: 'calculate_sma',
  title: 'Simple moving average',
  summary:
    'Values over time of the simple moving average of the closes of one coin, oldest first, computed here. For its value now, or other indicators, use technical_analysis.',
  set: 'TimescaleDBFinancialTools',
  effect: 'read',
  pages: { by: 'limit', preset: PRESET },
  input: indicatorQueries.sma.extend({ limit: limitOf(500, PRESET, 'most values') }),
  output,
  run: async ({ limit = PRESET, ...query }, { reads }) =>
    output.parse(indicatorWire(await reads.dsl.calculateSMA({ ...query, limit }))),
  facts: ({ series, points, missing, holes, partial }) => ({
    times: [points.at(-1)?.time],
    from: [series],
    missing: [
      missing > 0 && `${countOf(missing, 'more candle is needed', 'more candles are needed')}`,
      partialOf(partial),
      holes > 0 && `${countOf(holes, 'empty bucket')} among the candles`,
    ],
  }),
  text: ({ series, timeframe, params, missing, partial, points }) =>
    `SMA (${params}) over ${timeframe} candles of ${seriesText(series)}${partial > 0 ? `, ${partial} of them partial` : ''}:\n` +
    table(
      points,
      ['time', 'value'],
      undefined,
      `no value: ${countOf(missing, 'more candle is needed', 'more candles are needed')}`,
    ),
})
