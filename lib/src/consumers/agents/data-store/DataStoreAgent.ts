import { z } from 'zod'
import { type AgentParts, BaseAgent, defineWorkflow, type Flow, type Workflow } from '../../../base/agent/index.ts'
import { countOf, formatTime, nowMicros, parseTime, readAskedTime, recordTypes, toQiError } from '../../../base/types/index.ts'
import { type TimescaleDBDSL, TimescaleDBMCPWrapper } from '../../../mcp-tools/bindings/TimescaleDBMCPWrapper.ts'
import { proposalsOf } from './decide.ts'
import { duplicatesOf, lateOf } from './duplicates.ts'
import { consumersOf, deadLettersOf, gapsOf, healthOf, type SeriesState, seriesOf, storageOf } from './examine.ts'
import { type Applied, decisionLines, housekeepingReport, type Proposal, qualityReport, qualityText } from './report.ts'
import type { DataStoreSettings } from './settings.ts'

const HOUR = 3_600_000_000
const retry = { attempts: 3 }
const long = { retry, timeoutMs: 3_600_000 }

const topics = Object.values(recordTypes).map(({ topic }) => topic) as [string, ...string[]]
/** A time as people write it. It becomes ISO text, so that a repeated step has the same time. */
const moment = z
  .string()
  .max(60)
  .transform((text, context) => {
    try {
      return formatTime(readAskedTime(text))
    } catch (error) {
      context.addIssue({ code: 'custom', message: toQiError(error).message })
      return z.NEVER
    }
  })

const qualityInput = z.object({
  hours: z
    .number()
    .positive()
    .max(24 * 366)
    .optional()
    .describe('length of the period to examine; default: from the settings'),
  to: moment.optional().describe('end of the period; default: now'),
})
const storeInput = z.object({
  topic: z.enum(topics).default('crypto-prices').describe('the topic whose records are stored again'),
  appended_from: moment.optional().describe('only records that were appended since'),
})
const storeOutput = z.object({
  topic: z.string(),
  read: z.int(),
  written: z.int(),
  overwritten: z.int(),
  dead_lettered: z.int(),
  text: z.string(),
})

/** Owns the store: checks that published records are stored, examines their quality, and decides on retention and compression. */
export class DataStoreAgent extends BaseAgent {
  readonly workflows: Readonly<Record<string, Workflow>>
  readonly #parts: AgentParts
  readonly #settings: DataStoreSettings
  readonly #timescale: TimescaleDBDSL

  constructor(settings: DataStoreSettings, parts: AgentParts) {
    super({ name: 'data-store', logger: parts.logger })
    this.#parts = parts
    this.#settings = settings
    this.#timescale = new TimescaleDBMCPWrapper(parts.mcp).verbs
    this.workflows = {
      main: this.#quality(),
      housekeeping: this.#housekeeping(),
      store: this.#store(),
    }
  }

  override get schedules() {
    return [{ cron: this.#settings.cron, workflow: 'main' }]
  }

  #quality() {
    const parts = this.#parts
    return defineWorkflow({
      name: 'data-quality',
      summary: 'Checks that published records are stored, examines their quality, and proposes retention',
      input: qualityInput,
      output: qualityReport,
      steps: (start) =>
        start
          .step('stretch', ({ hours = this.#settings.hours, to = formatTime(nowMicros()) }) => ({
            from: formatTime(parseTime(to) - Math.round(hours * HOUR)),
            to,
          }))
          .step(
            'consume',
            async (stretch, { signal }) => ({
              ...stretch,
              consuming: await consumersOf(parts, this.#settings.settle_seconds * 1000, signal),
            }),
            { timeoutMs: 15 * 60_000 },
          )
          .parallel('examine', (at) => ({
            stretch: at.step('stretch', (known) => known),
            series: at.step('series', (stretch, { signal }) => this.#series(stretch, signal), long),
            late: at.step('late', ({ from, to }) => lateOf(parts.store.pool, from, to), long),
            gaps: at.step('gaps', () => gapsOf(parts), long),
            dead_letters: at.step('dead letters', (_, { signal }) => deadLettersOf(parts, signal), long),
            storage: at.step('storage', ({ to }, { signal }) => storageOf(parts, this.#timescale, parseTime(to), signal), long),
          }))
          .step('decide', (seen) => ({ ...seen, proposals: proposalsOf(seen.storage, this.#settings) }))
          .parallel('act', (at) => ({
            seen: at.step('seen', (seen) => seen),
            applied: this.#apply(at.step('proposals', ({ proposals }) => (this.#settings.apply === 'always' ? proposals : []))),
          }))
          .step('report', ({ seen: { stretch, series, ...seen }, applied }) => {
            const report = { ...stretch, ...series, ...seen, applied: [...applied] }
            const { health, duplicates, proposals, dead_letters: dead, consuming } = report
            const doubled = duplicates.respelled.length + duplicates.misaligned.length + duplicates.twins.length
            const open = proposals.length - applied.length
            const ok = health.ok === health.series && doubled + dead.length + open === 0 && consuming.caught_up
            return { ...report, ok, text: qualityText(report) }
          }),
    })
  }

  #housekeeping() {
    return defineWorkflow({
      name: 'housekeeping',
      summary: 'Proposes retention and compression, asks a human, and applies them',
      input: z.object({}),
      output: housekeepingReport,
      steps: (start) =>
        start
          .step(
            'decide',
            async (_, { signal }) =>
              proposalsOf(await storageOf(this.#parts, this.#timescale, nowMicros(), signal), this.#settings),
            long,
          )
          .branch(
            'ask',
            (proposals) => (proposals.length > 0 ? 'ask' : 'nothing'),
            (at) => ({
              ask: at.approval(
                'approve',
                (proposals) => `${proposals.map(({ reason }) => reason).join('; ')}? What is dropped cannot be brought back.`,
              ),
              nothing: at,
            }),
          )
          .parallel('act', (at) => ({
            proposals: at.step('proposals', (proposals) => proposals),
            applied: this.#apply(at),
          }))
          .step('report', ({ proposals, applied }) => ({
            proposals,
            applied: [...applied],
            text: decisionLines(proposals, applied).join('\n') || 'there is nothing to do',
          })),
    })
  }

  /** Stores a topic again on the consumers' own path, which is harmless by the primary keys. */
  #store() {
    return defineWorkflow({
      name: 'store-topic',
      summary: 'Reads the records of a topic and stores them again',
      input: storeInput,
      output: storeOutput,
      steps: (start) =>
        start.step(
          'store',
          async ({ topic, appended_from }, { signal }) => {
            const appendedFrom = appended_from === undefined ? undefined : Math.floor(parseTime(appended_from) / 1000)
            const { read, written, overwritten, deadLettered } = await this.#parts.platform.reprocess(
              { topic, appendedFrom },
              { signal },
            )
            const text = `of ${countOf(read, 'record')} of ${topic} ${written} were missing and are stored, ${overwritten} were there, ${deadLettered} are dead letters`
            return { topic, read, written, overwritten, dead_lettered: deadLettered, text }
          },
          { ...long, timeoutMs: 24 * 3_600_000 },
        ),
    })
  }

  async #series(stretch: { readonly from: string; readonly to: string }, signal: AbortSignal) {
    const all: SeriesState[] = []
    for await (const one of seriesOf(this.#timescale, stretch, signal)) all.push(one)
    return { health: healthOf(all), duplicates: await duplicatesOf(this.#parts.store.pool, stretch.from, stretch.to, all) }
  }

  #apply<I>(flow: Flow<I, readonly Proposal[]>): Flow<I, readonly Applied[]> {
    return flow.forEach(
      'apply',
      (proposals) => proposals,
      (one) =>
        one.step(
          'set',
          async ({ table, action, days }, { signal }) => {
            const { done, dropped } = await this.#timescale.tables({ table, action, days }, { signal })
            return { table, action, done, dropped: dropped?.count ?? 0 }
          },
          long,
        ),
    )
  }
}
