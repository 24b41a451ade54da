import { z } from 'zod'
import { type AgentParts, defineWorkflow } from '../../../base/agent/index.ts'
import { countOf } from '../../../base/types/index.ts'
import { fillGaps, filtersOf, gapsReport, gapsText } from './gaps.ts'
import type { Keeper } from './Keeper.ts'
import { reportOf, watchReport } from './report.ts'
import type { WatchTable } from './table/WatchTable.ts'

/** The parts that the workflows share, opened at the first use. */
export interface Desk {
  readonly table: WatchTable
  readonly keeper: Keeper
  /** Writes the watch list of the settings to the store. */
  readonly sync: () => Promise<void>
}

/** Length of one step of a pass; each step is checkpointed. */
const STRETCH_MS = 30_000

export function acquirePass(open: () => Promise<Desk>) {
  const output = watchReport.extend({ calls: z.int(), failed: z.int(), records: z.int() })
  return defineWorkflow({
    name: 'data-acquiring',
    summary: 'Fetches the due jobs of the watch list, and reports the age of each class',
    input: z.object({ minutes: z.number().min(0.1).max(1440).default(60).describe('longest run') }),
    output,
    steps: (start) =>
      start
        .step('look', async ({ minutes }) => {
          await (await open()).sync()
          return { until: Date.now() + minutes * 60_000, calls: 0, failed: 0, records: 0, more: true }
        })
        .repeat(
          'fetch',
          (at) =>
            at.step('due', async (so, { signal }) => {
              const { keeper } = await open()
              const done = await keeper.pass(signal, Math.max(0, Math.min(STRETCH_MS, so.until - Date.now())))
              return {
                until: so.until,
                calls: so.calls + done.calls,
                failed: so.failed + done.failed,
                records: so.records + done.records,
                more: done.more && Date.now() < so.until,
              }
            }),
          { until: ({ more }) => !more, most: 3000 },
        )
        .step('report', async ({ calls, failed, records }) => {
          const report = reportOf(await (await open()).table.states())
          const done = `${countOf(calls, 'call')}, ${failed} failed, ${countOf(records, 'record')}`
          return { ...report, calls, failed, records, text: report.instruments > 0 ? `${done}\n${report.text}` : report.text }
        }),
  })
}

export function ageReport(open: () => Promise<Desk>) {
  return defineWorkflow({
    name: 'watch-report',
    summary: 'Reports the age of the watched instruments by class, beside the promised one',
    input: z.object({}),
    output: watchReport,
    steps: (start) => start.step('report', async () => reportOf(await (await open()).table.states())),
  })
}

export function backfillGaps(open: () => Promise<Desk>, source: string, parts: Pick<AgentParts, 'platform' | 'coverage'>) {
  return defineWorkflow({
    name: 'backfill-gaps',
    summary: 'Fills the gaps of the watched instruments, and stops while a promise is overdue',
    input: z.object({
      coins: z.array(z.string()).optional().describe('only these; default: all watched coins'),
      days: z.number().min(0.01).max(365).default(7).describe('how far back'),
    }),
    output: gapsReport,
    steps: (start) =>
      start
        .step('series', async ({ coins, days }) => {
          const states = await (await open()).table.states()
          return {
            days,
            filters: filtersOf(
              source,
              states.map(({ job }) => job),
              coins,
            ),
          }
        })
        .step('fill', async ({ days, filters }, { signal }) => fillGaps(parts, (await open()).table, filters, days, signal), {
          timeoutMs: 6 * 3_600_000,
        })
        .step('report', (gaps) => ({ ...gaps, text: gapsText(gaps) })),
  })
}
