import { z } from 'zod'
import { defineWorkflow, type Flow, type Workflow } from '../../../base/agent/index.ts'
import { type AlertChanges, settleAlerts } from '../../../base/alerts/index.ts'
import { alert, countOf, parseTime } from '../../../base/types/index.ts'
import { coinsInput } from '../../../mcp-tools/bindings/coinsInput.ts'
import { coversOf } from './alerts/covers.ts'
import { judge } from './alerts/judge.ts'
import type { CryptoDSL } from './CryptoDSL.ts'
import { type Alerts, alertOf, alerts, type MarketReport, marketReport, type Snapshot, type Unseen } from './report.ts'
import { reportText } from './reportText.ts'
import type { MarketSettings } from './settings.ts'

const coins = coinsInput('only these, such as bitcoin,ethereum; default: the watched coins')
const analysisInput = z.object({
  coins,
  fetch: z.boolean().default(true).describe('true to fetch from the provider first, if one is configured'),
})
const alertsInput = z.object({ coins })
const alertsOutput = z.object({ alerts, text: z.string() })

export interface MarketParts {
  /** Name of the agent. Its alerts are separate from those of other agents. */
  readonly agent: string
  readonly dsl: CryptoDSL
  readonly settings: MarketSettings
}

const retry = { attempts: 3 }
const AT_ONCE = 2

const isSeen = (one: Snapshot | Unseen): one is Snapshot => 'price' in one
const isUnseen = (one: Snapshot | Unseen): one is Unseen => !isSeen(one)

/** Fetches the market, examines each coin and the whole, raises and clears alerts, and reports. */
export const marketAnalysis = (name: string, parts: MarketParts): Workflow<z.output<typeof analysisInput>, MarketReport> =>
  defineWorkflow({
    name,
    summary: 'Examines the market: figures, indicators, anomalies, alerts, and a report',
    input: analysisInput,
    output: marketReport,
    steps: (start) =>
      start
        .step('choose', async ({ coins: named, fetch }, { signal }) => ({ ...(await choose(named, parts, signal)), fetch }), {
          retry,
        })
        .step(
          'fetch',
          async ({ coins: chosen, whole, fetch }, { signal }) => ({
            coins: chosen,
            whole,
            fetched: await parts.dsl.fetch(fetch ? chosen : [], signal),
          }),
          { retry, timeoutMs: 15 * 60_000 },
        )
        .parallel('look', (at) => ({
          fetched: at.step('fetched', ({ fetched }) => fetched),
          looked: lookAt(at, parts),
          market: at.step('market', (_, { signal }) => parts.dsl.market(signal), { retry }),
        }))
        .parallel('judge', (at) => ({
          seen: at.step('seen', ({ fetched, looked, market }) => ({ fetched, market, coins: looked.coins })),
          alerts: settle(
            at.step('looked', ({ looked }) => looked),
            parts,
          ),
        }))
        .step('report', ({ seen, alerts: found }) => reportOf(seen, found, parts)),
  })

/** Judges the alert rules by stored records, without anything else. */
export const alertWatch = (name: string, parts: MarketParts) =>
  defineWorkflow({
    name,
    summary: 'Raises and clears alerts by stored records',
    input: alertsInput,
    output: alertsOutput,
    steps: (start) =>
      settle(
        lookAt(
          start.step('choose', ({ coins: named }, { signal }) => choose(named, parts, signal), { retry }),
          parts,
        ),
        parts,
      ).step('report', (found) => ({
        alerts: found,
        text: [
          ...found.raised.map(({ message }) => message),
          countOf(found.active.length, 'alert is active', 'alerts are active'),
        ].join('\n'),
      })),
  })

interface Chosen {
  readonly coins: readonly string[]
  /** True if they are all watched coins. */
  readonly whole: boolean
}

interface Looked {
  readonly coins: readonly (Snapshot | Unseen)[]
  readonly whole: boolean
}

const choose = async (named: readonly string[] | undefined, { dsl }: MarketParts, signal: AbortSignal): Promise<Chosen> => ({
  coins: named ?? (await dsl.coins(signal)),
  whole: named === undefined,
})

const lookAt = <I, C extends Chosen>(flow: Flow<I, C>, { dsl }: MarketParts): Flow<I, Looked> =>
  flow.parallel('coins', (at) => ({
    whole: at.step('whole', ({ whole }) => whole),
    coins: at
      .step('chosen', ({ coins: chosen }) => chosen)
      .forEach(
        'coin',
        (chosen) => chosen,
        (one) => one.step('look', (coin, { signal }) => dsl.snapshot(coin, signal), { retry }),
        { concurrency: AT_ONCE },
      ),
  }))

/** Notes each alert once, in one transaction, then publishes its record. The record's key makes a repeated one overwrite the first. */
const settle = <I>(flow: Flow<I, Looked>, { agent, dsl, settings }: MarketParts): Flow<I, Alerts> =>
  flow
    .step('alerts', ({ coins: looked, whole }, { transaction }): Promise<AlertChanges> => {
      const judged = judge(settings.alerts, looked.filter(isSeen), settings.timeframe)
      const covers = coversOf(settings.alerts, looked, whole)
      return transaction((client) => settleAlerts(client, { raisedBy: agent, judged, covers }))
    })
    .step(
      'announce',
      async (found): Promise<Alerts> => {
        await dsl.write(alert, [...found.raised, ...found.cleared])
        return { raised: found.raised.map(alertOf), cleared: found.cleared.map(alertOf), active: found.active.map(alertOf) }
      },
      { retry },
    )

function reportOf(
  {
    fetched,
    coins: looked,
    market,
  }: Pick<MarketReport, 'fetched' | 'market'> & { readonly coins: readonly (Snapshot | Unseen)[] },
  found: Alerts,
  { settings: { currency, timeframe } }: MarketParts,
): MarketReport {
  const seen = looked.filter(isSeen)
  const report = {
    at:
      seen
        .map(({ time }) => time)
        .sort((a, b) => parseTime(a) - parseTime(b))
        .at(-1) ?? null,
    currency,
    timeframe,
    fetched,
    coins: seen,
    missing: looked.filter(isUnseen),
    market,
    alerts: found,
  }
  return { ...report, text: reportText(report) }
}
