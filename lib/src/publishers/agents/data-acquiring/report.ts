import { z } from 'zod'
import { countOf } from '../../../base/types/index.ts'
import { PRIORITIES } from './config.ts'
import { durationText } from './duration.ts'
import { instrumentsOf, rankOf } from './jobs.ts'
import type { JobState } from './table/WatchTable.ts'

const seconds = z.number().describe('seconds')

/** The instruments of one priority, kind and promise. */
export const classReport = z.object({
  priority: z.enum(PRIORITIES),
  kind: z.enum(['prices', 'ohlc']),
  max_age_seconds: seconds,
  instruments: z.int(),
  waiting: z.int().describe('never fetched yet'),
  p50_age_seconds: seconds,
  p95_age_seconds: seconds,
  oldest_age_seconds: seconds,
  kept: z.boolean().describe('true if 95 of 100 are younger than promised'),
  refreshes: z.int().describe('calls answered so far'),
  late: z.int().describe('calls that were answered too late for the promise'),
})
export type ClassReport = z.output<typeof classReport>

export const watchReport = z.object({
  instruments: z.int(),
  classes: z.array(classReport),
  failing: z.array(z.object({ job: z.string(), failures: z.int(), problem: z.string() })).describe('the first ten'),
  failing_in_all: z.int(),
  text: z.string(),
})
export type WatchReport = z.output<typeof watchReport>

const MOST_FAILING = 10

/** The age of the watched instruments, by class. Pure. */
export function reportOf(states: readonly JobState[]): WatchReport {
  const groups = Map.groupBy(states, ({ job }) => `${rankOf(job.priority)} ${job.kind} ${job.maxAgeMs}`)
  const classes = [...groups.values()].map(classOf).sort((a, b) => rankOf(a.priority) - rankOf(b.priority))
  const troubled = states.filter(({ failures }) => failures > 0).sort((a, b) => b.failures - a.failures)
  const failing = troubled.slice(0, MOST_FAILING).map(({ job, failures, problem }) => ({
    job: job.key.slice(0, 80),
    failures,
    problem: problem ?? '',
  }))
  const instruments = classes.reduce((sum, one) => sum + one.instruments, 0)
  return { instruments, classes, failing, failing_in_all: troubled.length, text: textOf(classes, troubled.length) }
}

function classOf(states: readonly JobState[]): ClassReport {
  const [{ job }] = states as [JobState]
  const count = (of: readonly JobState[]): number => of.reduce((sum, state) => sum + instrumentsOf(state.job), 0)
  const ages = states.flatMap((state) => Array<number>(instrumentsOf(state.job)).fill(state.ageMs)).sort((a, b) => a - b)
  const p95 = percentile(ages, 0.95)
  return {
    priority: job.priority,
    kind: job.kind,
    max_age_seconds: job.maxAgeMs / 1000,
    instruments: count(states),
    waiting: count(states.filter(({ fetched }) => !fetched)),
    p50_age_seconds: inSeconds(percentile(ages, 0.5)),
    p95_age_seconds: inSeconds(p95),
    oldest_age_seconds: inSeconds(ages.at(-1) ?? 0),
    kept: p95 <= job.maxAgeMs,
    refreshes: states.reduce((sum, { done }) => sum + done, 0),
    late: states.reduce((sum, { late }) => sum + late, 0),
  }
}

/** The smallest value that this share of the values does not exceed. */
export const percentile = (sorted: readonly number[], share: number): number =>
  sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0

const inSeconds = (ms: number): number => Number((ms / 1000).toFixed(1))

function textOf(classes: readonly ClassReport[], failing: number): string {
  if (classes.length === 0) return 'nothing is watched: name coins under agents.data-acquiring.watch in qicore.yaml'
  const lines = classes.map(({ priority, kind, instruments, waiting, p95_age_seconds, max_age_seconds, kept }) => {
    const first = waiting > 0 ? `, ${waiting} never fetched yet` : ''
    const promise = durationText(max_age_seconds * 1000)
    return `${priority} ${kind}: 95 of 100 of ${instruments} are at most ${p95_age_seconds} s old, promised ${promise}: ${kept ? 'kept' : 'NOT kept'}${first}`
  })
  return [...lines, ...(failing > 0 ? [countOf(failing, 'call fails', 'calls fail')] : [])].join('\n')
}
