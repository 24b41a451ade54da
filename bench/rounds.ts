/** Milliseconds of each contender's rounds. */
export type Timings = ReadonlyMap<string, readonly number[]>

/**
 * Runs the contenders in turn, A B C, A B C …, so that a machine whose speed drifts slows all of them alike; one round more, the
 * first, warms up and is not counted.
 */
export async function interleave(
  contenders: Readonly<Record<string, () => Promise<number>>>,
  rounds: number,
  onRound: (line: string) => void,
): Promise<Timings> {
  const timings = new Map<string, number[]>(Object.keys(contenders).map((name) => [name, []]))
  for (let round = 0; round <= rounds; round++)
    for (const [name, run] of Object.entries(contenders)) {
      const ms = await run()
      if (round > 0) timings.get(name)?.push(ms)
      onRound(`${round === 0 ? 'warm-up' : `round ${round}/${rounds}`} ${name}: ${Math.round(ms)} ms`)
    }
  return timings
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? (sorted[middle] as number) : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2
}

export interface Row {
  readonly contender: string
  /** Operations per second: median, slowest and fastest round. */
  readonly rate: number
  readonly slowest: number
  readonly fastest: number
  /** Median over the rounds of (rate of this / rate of the baseline in the same round). */
  readonly ratio: number
}

/** Rates of `operations` per round, and each contender's ratio to the baseline, round by round. */
export function summarise(timings: Timings, operations: number, baseline: string): Row[] {
  const base = timings.get(baseline) ?? []
  return [...timings].map(([contender, ms]) => ({
    contender,
    rate: (operations / median(ms)) * 1000,
    slowest: (operations / Math.max(...ms)) * 1000,
    fastest: (operations / Math.min(...ms)) * 1000,
    ratio: median(ms.map((m, i) => (base[i] as number) / m)),
  }))
}

const thousands = (n: number): string => (n >= 10_000 ? `${Math.round(n / 1000)}k` : Math.round(n).toLocaleString('en'))

/** The rows as a Markdown table, as docs/performance.md shows them. */
export function markdown(title: string, unit: string, rows: readonly Row[]): string {
  const lines = rows.map(
    (r) => `| ${r.contender} | ${thousands(r.rate)} (${thousands(r.slowest)}–${thousands(r.fastest)}) | ${r.ratio.toFixed(2)} |`,
  )
  return [`### ${title}`, '', `| | ${unit}: median (slowest–fastest round) | ratio |`, '|---|---|---|', ...lines].join('\n')
}
