/** One number of a metric. */
export interface MetricSample {
  /** That of the metric; of a histogram with `_bucket`, `_sum` or `_count` behind it. */
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** A metric as /metrics shows it. */
export interface MetricFamily {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge' | 'histogram' | 'summary'
  readonly samples: readonly MetricSample[]
}

export interface MetricsReader {
  /** All of them, now. */
  families(): Promise<readonly MetricFamily[]>
}
