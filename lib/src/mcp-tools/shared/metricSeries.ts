import type { MetricFamily, MetricSample } from '../../base/types/index.ts'

/** One series of a metric: a number, or the summary of a histogram. */
export interface MetricSeries {
  readonly metric: string
  readonly type: MetricFamily['type']
  readonly labels: Readonly<Record<string, string>>
  readonly value?: number
  readonly count?: number
  readonly mean?: number
  readonly p50?: number
  readonly p95?: number
  readonly p99?: number
}

const QUANTILES = { p50: 0.5, p95: 0.95, p99: 0.99 } as const

/** The series of a metric; histograms with quantiles, as precise as their buckets. */
export function seriesOf({ name, type, samples }: MetricFamily): MetricSeries[] {
  if (type !== 'histogram') return samples.map(({ labels, value }) => ({ metric: name, type, labels, value }))
  const series = Map.groupBy(samples, ({ labels: { le: _, ...labels } }) => JSON.stringify(labels))
  return [...series.values()].map((of) => histogram(name, of))
}

function histogram(metric: string, samples: readonly MetricSample[]): MetricSeries {
  const { le: _, ...labels } = samples[0]?.labels ?? {}
  const one = (suffix: string) => samples.find(({ name }) => name === `${metric}${suffix}`)?.value ?? 0
  const [count, sum] = [one('_count'), one('_sum')]
  const buckets = samples
    .filter(({ name }) => name === `${metric}_bucket`)
    .map(({ labels: { le = '' }, value }) => ({ le: le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le), value }))
    .toSorted((a, b) => a.le - b.le)
  if (count === 0) return { metric, type: 'histogram', labels, count }
  const quantiles = Object.fromEntries(Object.entries(QUANTILES).map(([name, q]) => [name, quantile(buckets, q * count)]))
  return { metric, type: 'histogram', labels, count, mean: sum / count, ...quantiles }
}

/** As histogram_quantile of Prometheus: linear within a bucket; of the last one its lower edge. */
function quantile(buckets: readonly { readonly le: number; readonly value: number }[], rank: number): number {
  const at = buckets.findIndex(({ value }) => value >= rank)
  const bucket = buckets[at]
  const below = buckets[at - 1] ?? { le: 0, value: 0 }
  if (!bucket || bucket.le === Number.POSITIVE_INFINITY) return below.le
  return below.le + ((bucket.le - below.le) * (rank - below.value)) / Math.max(1, bucket.value - below.value)
}
