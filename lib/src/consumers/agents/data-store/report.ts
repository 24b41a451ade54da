import { z } from 'zod'
import { TIME_TABLES, type TimeTable } from '../../../base/database/index.ts'
import { countOf, GAP_REASONS } from '../../../base/types/index.ts'
import { getDataHealth } from '../../../mcp-tools/consumer/get_data_health.ts'
import { manageHypertables } from '../../../mcp-tools/consumer/manage_hypertables.ts'

const count = z.int().nonnegative()
const tables = Object.keys(TIME_TABLES) as [TimeTable, ...TimeTable[]]
const series = z.object({ coin_id: z.string(), source: z.string(), currency: z.string() })

export const consuming = z.object({
  consumers: z
    .array(z.object({ group: z.string(), state: z.string(), members: count, lag: count }))
    .describe('the consumer groups of the store, in any process, with their lag in records'),
  caught_up: z.boolean().describe('true if all records published before the run were stored before the examination'),
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
  rows: count.describe('live rows of the period'),
  p50_seconds: z.number().describe('from the time of a row to its arrival'),
  p95_seconds: z.number(),
  most_seconds: z.number(),
})
export type Late = z.output<typeof late>

export const gaps = z.object({
  count,
  fillable: count.describe('gaps that a backfill may fill: the provider has not said that it has nothing'),
  seconds: z.partialRecord(z.enum(GAP_REASONS), z.number()).describe('missing time by reason'),
  longest: z.array(
    series.extend({
      type: z.string(),
      from: z.string(),
      to: z.string(),
      reason: z.enum(GAP_REASONS),
      missing: count.optional().describe('missing records, where the source numbers them'),
      fillable: z.boolean(),
    }),
  ),
})
export type Gaps = z.output<typeof gaps>

export const duplicates = z.object({
  respelled: z.array(z.array(series)).describe('series whose names differ only by case'),
  misaligned: z
    .array(series.extend({ timeframe: z.string(), rows: count }))
    .describe('candles that do not open at a multiple of their length: a bucket may be stored twice'),
  twins: z
    .array(series.extend({ rows: count }))
    .describe('trades with the same time, price, amount and side as another: the same trade under two ids, or two equal trades'),
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
  setting: z.string().describe('the setting of qicore.yaml that makes it permanent'),
})
export type Proposal = z.output<typeof proposal>

export const applied = z.object({ table: z.enum(tables), action: z.string(), done: z.string(), dropped: count })
export type Applied = z.output<typeof applied>

export const qualityReport = z.object({
  from: z.string(),
  to: z.string(),
  ok: z.boolean().describe('true if there is nothing to do'),
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

/** The report as text. */
export function qualityText(report: Omit<QualityReport, 'text' | 'ok'>): string {
  const { from, to, consuming: by, health: of, late: delays, gaps: holes, duplicates: doubled, dead_letters: dead } = report
  return [
    `${from} to ${to}: ${of.series} series, ${of.ok} ok, ${of.stale} stale, ${of.gappy} gappy, ${of.flawed} flawed; ${countOf(of.late_rows, 'live row')} came late`,
    by.caught_up
      ? 'all published records are stored'
      : `not all published records are stored: ${by.consumers.map(({ group, lag }) => `${group}: lag ${lag}`).join(', ') || 'no consumer runs; start the platform'}`,
    ...delays.map(({ table, p95_seconds }) => `${table}: 95 % of live rows within ${p95_seconds.toFixed(3)} s`),
    `${countOf(holes.count, 'gap')}, ${holes.fillable} of which may be filled (qicore backfill)`,
    ...doubled.respelled.map(
      (same) =>
        `one series under several names? ${same.map(({ coin_id, source, currency }) => `${source} ${coin_id} ${currency}`).join(', ')}`,
    ),
    ...doubled.misaligned.map(
      ({ coin_id, timeframe, rows }) => `${countOf(rows, `${timeframe} candle`)} of ${coin_id} not opening where expected`,
    ),
    ...doubled.twins.map(({ coin_id, source, rows }) => `${countOf(rows, 'trade')} of ${coin_id} at ${source} equal to another`),
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
