import { z } from 'zod'
import { countOf, defineWorkflow, type Flow, indicator, nowMicros, parseTime, type Workflow } from '../../../base/index.ts'
import { coinsInput } from '../../../mcp-tools/bindings/coinsInput.ts'
import { judge } from './alerts/judge.ts'
import { settleAlerts } from './alerts/ledger.ts'
import type { CryptoDSL } from './CryptoDSL.ts'
import { type Alert, type Alerts, alerts, type MarketReport, marketReport, type Snapshot, type Unseen } from './report.ts'
import { reportText } from './reportText.ts'
import type { MarketSettings } from './settings.ts'

const coins = coinsInput('only these, such as bitcoin,ethereum; default: those that are watched')
const analysisInput = z.object({
  coins,
  fetch: z.boolean().default(true).describe('whether the provider is asked first, where one is configured'),
})
const alertsInput = z.object({ coins })
const alertsOutput = z.object({ alerts, text: z.string() })

export interface MarketParts {
  /** The name of the agent: its alerts are its own. */
  readonly agent: string
  readonly dsl: CryptoDSL
  readonly settings: MarketSettings
}

const retry = { attempts: 3 }
const AT_ONCE = 2

const isSeen = (one: Snapshot | Unseen): one is Snapshot => 'price' in one
const isUnseen = (one: Snapshot | Unseen): one is Unseen => !isSeen(one)

/** Fetches the market, looks at each coin and at the whole, raises and clears alerts, and reports. */
export const marketAnalysis = (name: string, parts: MarketParts): Workflow<z.output<typeof analysisInput>, MarketReport> =>
  defineWorkflow({
    name,
    summary: 'Looks at the market: figures, indicators, anomalies, alerts, and a report',
    input: analysisInput,
    output: marketReport,
    steps: (start) =>
      start
        .step(
          'choose',
          async ({ coins: named, fetch }, { signal }) => ({ coins: named ?? (await parts.dsl.coins(signal)), fetch }),
          { retry },
        )
        .step(
          'fetch',
          async ({ coins: chosen, fetch }, { signal }) => ({
            coins: chosen,
            fetched: await parts.dsl.fetch(fetch ? chosen : [], signal),
          }),
          { retry, timeoutMs: 15 * 60_000 },
        )
        .parallel('look', (at) => ({
          fetched: at.step('fetched', ({ fetched }) => fetched),
          coins: lookAt(
            at.step('coins', ({ coins: chosen }) => chosen),
            parts,
          ),
          market: at.step('market', (_, { signal }) => parts.dsl.market(signal), { retry }),
        }))
        .parallel('judge', (at) => ({
          seen: at.step('seen', (seen) => seen),
          alerts: settle(
            at.step('coins', ({ coins: all }) => all),
            parts,
          ),
        }))
        .step('report', ({ seen, alerts: found }) => reportOf(seen, found, parts)),
  })

/** Looks at the rules alone, at what is stored. */
export const alertWatch = (name: string, parts: MarketParts) =>
  defineWorkflow({
    name,
    summary: 'Raises and clears alerts by what is stored',
    input: alertsInput,
    output: alertsOutput,
    steps: (start) =>
      settle(
        lookAt(
          start.step('choose', async ({ coins: named }, { signal }) => named ?? (await parts.dsl.coins(signal)), { retry }),
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

const lookAt = <I>(flow: Flow<I, readonly string[]>, { dsl }: MarketParts): Flow<I, readonly (Snapshot | Unseen)[]> =>
  flow.forEach(
    'coin',
    (chosen) => chosen,
    (one) => one.step('look', (coin, { signal }) => dsl.snapshot(coin, signal), { retry }),
    { concurrency: AT_ONCE },
  )

/** An alert is noted once, in one transaction; then it is told to whoever listens, under a key that makes repeats one. */
const settle = <I>(flow: Flow<I, readonly (Snapshot | Unseen)[]>, { agent, dsl, settings }: MarketParts): Flow<I, Alerts> =>
  flow
    .step('alerts', (seen, { transaction }) => {
      const judged = judge(settings.alerts, seen.filter(isSeen), settings.timeframe)
      const names = settings.alerts.map((rule) => rule.name)
      return transaction((client) => settleAlerts(client, agent, names, judged))
    })
    .step(
      'announce',
      async (found) => {
        await dsl.write(indicator, [
          ...found.raised.map((one) => announcement(one, one.raised_at, 1, settings)),
          ...found.cleared.map((one) => announcement(one, one.cleared_at as string, 0, settings)),
        ])
        return found
      },
      { retry },
    )

const announcement = ({ rule, coin, source, currency }: Alert, at: string, value: number, { timeframe }: MarketSettings) => ({
  coinId: coin,
  source,
  currency,
  timeframe,
  name: 'alert',
  params: `rule=${rule}`,
  value,
  time: parseTime(at),
  receivedAt: nowMicros(),
  origin: 'live' as const,
})

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
