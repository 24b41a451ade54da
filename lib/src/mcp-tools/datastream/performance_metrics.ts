import { z } from 'zod'
import { defineTool } from '../../base/agent/index.ts'
import { countOf, QiError } from '../../base/types/index.ts'
import { someOf } from '../shared/facts.ts'
import { type MetricSeries, seriesOf } from '../shared/metricSeries.ts'
import { cell } from '../shared/text.ts'

const series = z.object({
  metric: z.string(),
  labels: z.record(z.string(), z.string()).optional(),
  value: z.number().optional().describe('of a counter, since the process started; of a gauge, now'),
  count: z.number().optional().describe('of a histogram: observations'),
  mean: z.number().optional(),
  p50: z.number().optional().describe('as precise as the buckets'),
  p95: z.number().optional(),
  p99: z.number().optional(),
})

/** The metrics shown where no name is given, the most important first. */
const KEY_METRICS = [
  'qicore_records_published_total',
  'qicore_records_stored_total',
  'qicore_records_overwritten_total',
  'qicore_dead_letters_total',
  'qicore_errors_total',
  'qicore_consumer_lag_records',
  'qicore_stream_to_store_seconds',
  'qicore_market_to_row_seconds',
  'qicore_append_duration_seconds',
  'qicore_write_duration_seconds',
  'qicore_http_request_duration_seconds',
  'process_resident_memory_bytes',
  'process_cpu_seconds_total',
  'nodejs_eventloop_lag_p99_seconds',
]

export const performanceMetrics = defineTool({
  name: 'performance_metrics',
  title: 'Performance metrics',
  summary:
    'What this process has counted and measured, the same numbers that /metrics gives Prometheus: throughput, latencies (mean and quantiles of the histograms), lag, errors, memory. Without a name the ones that matter most; with one, every metric whose name holds it, page by page.',
  set: 'PlatformTools',
  effect: 'read',
  pages: { by: 'limit' },
  input: z.object({
    name: z.string().min(1).max(100).optional().describe('part of a name, such as qicore_ or lag'),
    limit: z.int().min(1).max(60).default(15).describe('most series in a page'),
    after: z.int().min(0).max(1_000_000).optional().describe('`next` of the page before'),
  }),
  output: z.object({
    series: z.array(series),
    series_in_all: z.number(),
    metrics: z.array(z.object({ metric: z.string(), help: z.string() })).describe('what the metrics of this page are'),
    next: z.number().optional().describe('pass as `after` to get the next page'),
  }),
  async run({ name, limit, after = 0 }, { metrics }) {
    if (!metrics)
      throw new QiError(
        'UNSUPPORTED',
        'this process keeps no metrics; the platform of `qicore up` does: ask it at /mcp or /metrics on its port',
      )
    const families = (await metrics.families()).filter((family) =>
      name === undefined ? KEY_METRICS.includes(family.name) : family.name.includes(name),
    )
    if (families.length === 0 && name !== undefined)
      throw new QiError(
        'NOT_FOUND',
        `name "${name}": no metric holds that; qicore_ has the platform's, process_ and nodejs_ those of the process`,
        { field: 'name' },
      )
    const all = families
      .toSorted((a, b) => rank(a.name) - rank(b.name) || (a.name < b.name ? -1 : 1))
      .flatMap((family) => seriesOf(family).filter(hasSomething))
    const page = all.slice(after, after + limit)
    const shown = new Set(page.map(({ metric }) => metric))
    return {
      series: page.map(brief),
      series_in_all: all.length,
      metrics: families.filter((family) => shown.has(family.name)).map(({ name: metric, help }) => ({ metric, help })),
      ...(all.length > after + limit && { next: after + limit }),
    }
  },
  facts: ({ series: all, series_in_all: count, next }) => ({
    missing: [next === undefined ? undefined : someOf(all.length, count, 'series', `pass after: ${next}`)],
  }),
  text: ({ series: all, series_in_all: count, next }) =>
    [
      `${all.length} of ${count} series`,
      ...all.map(({ metric, labels, value, count: observed = 0, mean, p99 }) => {
        const of = Object.values(labels ?? {})
          .map(cell)
          .join(', ')
        return `${metric}${of ? ` (${of})` : ''}: ${value ?? `${countOf(observed, 'time')}, mean ${mean}, p99 ${p99}`}`
      }),
      ...(next === undefined ? [] : [`more: pass after: ${cell(next)}`]),
    ].join('\n'),
})

const rank = (name: string): number => (KEY_METRICS.includes(name) ? KEY_METRICS.indexOf(name) : KEY_METRICS.length)

/** False for an empty histogram. */
const hasSomething = ({ count }: MetricSeries): boolean => count !== 0

/** Five digits: more is noise in a measurement. */
const digits = (value: number): number => (Number.isInteger(value) ? value : Number(value.toPrecision(5)))

function brief({ metric, labels, type: _, ...numbers }: MetricSeries): z.input<typeof series> {
  const rounded = Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, digits(value as number)]))
  return { metric, ...(Object.keys(labels).length > 0 && { labels }), ...rounded }
}
