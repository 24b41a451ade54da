import type { Sample } from './sample.ts'
import { median, type Slope, theilSen } from './slope.ts'

/** Figures that may not grow. */
export interface Measure {
  readonly name: keyof Omit<Sample, 'at'>
  readonly unit: string
  /** The figure of a window that counts: memory falls when garbage is collected, so its least is what is held. */
  readonly of: 'least' | 'median'
  /** How much it may grow in a minute before it counts as growing, at so many records a second. */
  readonly tolerance: (rate: number) => number
}

const MiB = 1024 * 1024

/**
 * 1 MiB a minute is 1 KiB for each of some 17 requests a second that the load makes, or 17 bytes for each of 1,000 records: less
 * than the smallest thing that either could leave behind. A handle a minute is a twelfth of what the clients that come and go
 * would leave. A consumer that keeps up with 99 % of what comes falls behind by 1 %.
 */
export const MEASURES: readonly Measure[] = [
  { name: 'rss', unit: 'MiB', of: 'least', tolerance: () => 1 },
  { name: 'heap', unit: 'MiB', of: 'least', tolerance: () => 1 },
  { name: 'external', unit: 'MiB', of: 'least', tolerance: () => 1 },
  { name: 'descriptors', unit: '', of: 'median', tolerance: () => 1 },
  { name: 'sockets', unit: '', of: 'median', tolerance: () => 1 },
  { name: 'resources', unit: '', of: 'median', tolerance: () => 1 },
  { name: 'lag', unit: 'records', of: 'median', tolerance: (rate) => 0.01 * rate * 60 },
]

export interface Judged extends Slope {
  readonly name: Measure['name']
  readonly unit: string
  /** Of the first and the last window. */
  readonly first: number
  readonly last: number
  readonly tolerance: number
  /** Absent where it was not measured, or not for long enough. */
  readonly grows?: boolean
}

export interface JudgeOptions {
  /** Records a second. */
  readonly rate: number
  /** Length of the warm-up, in seconds. */
  readonly afterS?: number
  readonly windowS?: number
}

/**
 * Growth is a slope, in units a minute, that is above the tolerance with a confidence of 99.5 %, and above it in each half of the
 * time: what leaks under a steady load goes on leaking, while V8 keeps for good what it once took at a peak, which is one step.
 * Windows instead of samples: what follows within seconds on one another is not independent.
 */
export function judge(measure: Measure, samples: readonly Sample[], options: JudgeOptions): Judged {
  const { rate, afterS = 120, windowS = 20 } = options
  const windows = Map.groupBy(
    samples.filter(({ at }) => at >= afterS),
    ({ at }) => Math.floor((at - afterS) / windowS),
  )
  const points = [...windows].flatMap(([i, within]) => {
    const values = within.map((sample) => sample[measure.name] / (measure.unit === 'MiB' ? MiB : 1)).filter(Number.isFinite)
    if (values.length === 0) return []
    return [{ x: ((i + 0.5) * windowS) / 60, y: measure.of === 'least' ? Math.min(...values) : median(values) }]
  })
  const found = theilSen(points)
  const tolerance = measure.tolerance(rate)
  const middle = points.length / 2
  const goesOn = [points.slice(0, middle), points.slice(middle)].every((half) => theilSen(half).slope > tolerance)
  return {
    name: measure.name,
    unit: measure.unit,
    first: points[0]?.y ?? Number.NaN,
    last: points.at(-1)?.y ?? Number.NaN,
    ...found,
    tolerance,
    ...(Number.isFinite(found.low) && { grows: found.low > tolerance && goesOn }),
  }
}
