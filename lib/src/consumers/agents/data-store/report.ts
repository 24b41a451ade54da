import { z } from 'zod'
import { countOf, GAP_REASONS, TIME_TABLES, type TimeTable } from '../../../base/index.ts'
import { getDataHealth } from '../../../mcp-tools/consumer/get_data_health.ts'
import { manageHypertables } from '../../../mcp-tools/consumer/manage_hypertables.ts'

const count = z.int().nonnegative()
const tables = Object.keys(TIME_TABLES) as [TimeTable, ...TimeTable[]]
const series = z.object({ coin_id: z.string(), source: z.string(), currency: z.string() })

export const consuming = z.object({
  consumers: z
    .array(z.object({ group: z.string(), state: z.string(), members: count, lag: count }))
    .describe('the groups that store what is published, in any process, and how many records each is behind'),
  caught_up: z.boolean().describe('whether all that had been published when the run began was stored before it was examined'),
})
export type Consuming = z.output<typeof consuming>

export const health = z.object({
  series: count,
  ok: count,
  stale: count,
  gappy: count,
  flawed: count.describe('series with bars that cannot be right, such as one whose high is below its low'),
  late_rows: count.describe('live rows that arrived after a live one with a later time'),
  worst: getDataHealth.output.shape.items,
})
export type Health = z.output<typeof health>

const late = z.object({
  table: z.enum(tables),
  rows: count.describe('live rows of the stretch'),
  p50_seconds: z.number().describe('from the time of a row to its arrival'),
  p95_seconds: z.number(),
  most_seconds: z.number(),
})
export type Late = z.output<typeof late>

export const gaps = z.object({
  count,
  fillable: count.describe('of which the provider has not said that it has nothing'),
  seconds: z.partialRecord(z.enum(GAP_REASONS), z.number()).describe('how much is missing, by reason'),
  longest: z.array(
    series.extend({
      type: z.string(),
      from: z.string(),
      to: z.string(),
      reason: z.enum(GAP_REASONS),
      missing: count.optional().describe('records, where they are numbered without a gap'),
      fillable: z.boolean(),
    }),
  ),
})
export type Gaps = z.output<typeof gaps>

export const duplicates = z.object({
  respelled: z.array(z.array(series)).describe('series whose names differ by upper and lower case alone'),
  misaligned: z
    .array(series.extend({ timeframe: z.string(), rows: count }))
    .describe('candles that do not open where one of their length does: a bucket may be there twice'),
  twins: z
    .array(series.extend({ rows: count }))
    .describe('trades beyond the first of one time, price, amount and side: the same trade under two ids, or two alike'),
})
export type Duplicates = z.output<typeof duplicates>

const deadLetters = z.object({ topic: z.string(), stage: z.string(), count, latest_reason: z.string() })
export type DeadLetterCount = z.output<typeof deadLetters>

const held = manageHypertables.output.shape
export const storage = z.object({
  layout: held.layout,
  tables: z.array(
    z.object({
      table: z.enum(tables),
      rows: count,
      bytes: count,
      rows_a_day: count,
      retention_days: z.number().optional(),
      compress_after_days: z.number().optional(),
    }),
  ),
})
export type Storage = z.output<typeof storage>

export const proposal = z.object({
  table: z.enum(tables),
  action: z.enum(['retention', 'compress']),
  days: z.number(),
  reason: z.string(),
  setting: z.string().describe('what has it outlive the next start of the platform, in qicore.yaml'),
})
export type Proposal = z.output<typeof proposal>

export const applied = z.object({ table: z.enum(tables), action: z.string(), done: z.string(), dropped: count })
export type Applied = z.output<typeof applied>

export const qualityReport = z.object({
  from: z.string(),
  to: z.string(),
  ok: z.boolean().describe('whether there is nothing to do'),
  consuming,
  health,
  late: z.array(late),
  gaps,
  duplicates,
  dead_letters: z.array(deadLetters),
  storage,
  proposals: z.array(proposal),
  applied: z.array(applied),
  text: z.string(),
})
export type QualityReport = z.output<typeof qualityReport>

export const housekeepingReport = z.object({ proposals: z.array(proposal), applied: z.array(applied), text: z.string() })

/** The report in few lines, for people. */
export function qualityText(report: Omit<QualityReport, 'text' | 'ok'>): string {
  const { from, to, consuming: by, health: of, late: delays, gaps: holes, duplicates: doubled, dead_letters: dead } = report
  return [
    `${from} to ${to}: ${of.series} series, ${of.ok} ok, ${of.stale} stale, ${of.gappy} gappy, ${of.flawed} flawed; ${countOf(of.late_rows, 'live row')} came late`,
    by.caught_up
      ? 'all that was published is stored'
      : `not all that was published is stored: ${by.consumers.map(({ group, lag }) => `${group} is ${lag} behind`).join(', ') || 'nobody consumes; start the platform'}`,
    ...delays.map(({ table, p95_seconds }) => `${table}: 95 % of live rows within ${p95_seconds.toFixed(3)} s`),
    `${countOf(holes.count, 'gap')}, ${holes.fillable} of which can be asked for (qicore backfill)`,
    ...doubled.respelled.map(
      (same) =>
        `one series under several names? ${same.map(({ coin_id, source, currency }) => `${source} ${coin_id} ${currency}`).join(', ')}`,
    ),
    ...doubled.misaligned.map(
      ({ coin_id, timeframe, rows }) => `${countOf(rows, `${timeframe} candle`)} of ${coin_id} not opening where expected`,
    ),
    ...doubled.twins.map(
      ({ coin_id, source, rows }) => `${countOf(rows, 'trade')} of ${coin_id} at ${source} just like one before`,
    ),
    ...dead.map(
      ({ topic, stage, count: many, latest_reason }) =>
        `${countOf(many, 'dead letter')} of ${topic} (${stage}), the latest: ${latest_reason}`,
    ),
    ...decisionLines(report.proposals, report.applied),
  ].join('\n')
}

export const decisionLines = (proposals: readonly Proposal[], done: readonly Applied[]): string[] =>
  done.length > 0
    ? done.map(({ table, done: what, dropped }) => `${table}: ${what}${dropped > 0 ? `, ${dropped} dropped` : ''}`)
    : proposals.map(({ reason, setting }) => `proposed: ${reason} (${setting})`)
