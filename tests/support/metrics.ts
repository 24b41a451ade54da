export interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** A platform's `/metrics` at one moment. */
export interface MetricsText {
  all(name: string): readonly Sample[]
  /** The sum over all labels; NaN where there is none. */
  sum(name: string): number
}

export async function metricsOf(url: string): Promise<MetricsText> {
  const response = await fetch(`${url}/metrics`)
  const text = await response.text()
  if (!response.ok) throw new Error(`/metrics answered ${response.status}: ${text.slice(0, 500)}`)
  return parseMetrics(text)
}

/** The text format of Prometheus, as far as prom-client writes it. */
export function parseMetrics(text: string): MetricsText {
  const samples = new Map<string, Sample[]>()
  for (const line of text.split('\n')) {
    const [, name, labels = '', value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? []
    if (name === undefined) continue
    const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key, text]) => [key, text] as const)
    const sample = { labels: Object.fromEntries(pairs) as Record<string, string>, value: Number(value) }
    samples.set(name, [...(samples.get(name) ?? []), sample])
  }
  const all = (name: string) => samples.get(name) ?? []
  return { all, sum: (name) => (samples.has(name) ? all(name).reduce((sum, { value }) => sum + value, 0) : Number.NaN) }
}
