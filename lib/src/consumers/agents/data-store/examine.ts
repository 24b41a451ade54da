import { setTimeout } from 'node:timers/promises'
import type { AgentParts } from '../../../base/agent/index.ts'
import { TIME_TABLES, type TimeTable } from '../../../base/database/index.ts'
import { formatTime, type GapReason, type Micros, QiError } from '../../../base/types/index.ts'
import type { TimescaleDBDSL } from '../../../mcp-tools/bindings/TimescaleDBMCPWrapper.ts'
import { consumers } from '../../consumers.ts'
import type { Consuming, DeadLetterCount, Gaps, Health, Storage } from './report.ts'

/** Most entries of a list in the report; its count has all. */
const LISTED = 20
const PAGE = 100
const MOST_PAGES = 100
const MOST_LETTERS = 1000
const POLL_MS = 50
const DAY: Micros = 86_400_000_000

/** Waits until the consumers of all processes have stored the records published by now, for `settleMs` at most. */
export async function consumersOf({ stream }: AgentParts, settleMs: number, signal: AbortSignal): Promise<Consuming> {
  const deadline = performance.now() + settleMs
  const targets = new Map<string, bigint>()
  for (;;) {
    const groups = await stream.describeGroups(Object.values(consumers).map(({ group }) => group))
    const found = await Promise.all(
      groups.map(async ({ name: group, state, members }) => {
        const lags = await stream.lag(group)
        let reached = true
        for (const { topic, partition, offset, lag } of lags) {
          const key = JSON.stringify([group, topic, partition])
          if (!targets.has(key)) targets.set(key, offset + lag)
          reached &&= offset >= (targets.get(key) as bigint)
        }
        const lag = Number(lags.reduce((sum, one) => sum + one.lag, 0n))
        return { group, state, members: members.length, lag, reached }
      }),
    )
    // A group without members belongs to a consumer that does not run.
    const reading = found.filter(({ members }) => members > 0)
    const caught_up = reading.length > 0 && reading.every(({ reached }) => reached)
    if (caught_up || performance.now() >= deadline) return { consumers: found.map(({ reached: _, ...rest }) => rest), caught_up }
    await setTimeout(POLL_MS, undefined, { signal }).catch(() => {
      throw new QiError('CANCELLED', 'waiting for the consumers was cancelled')
    })
  }
}

interface Period {
  readonly from: string
  readonly to: string
}

/** Every series, page by page. */
export async function* seriesOf(dsl: TimescaleDBDSL, { from, to }: Period, signal: AbortSignal) {
  let after: string | undefined
  for (let page = 0; page < MOST_PAGES; page++) {
    const { items, next } = await dsl.health({ from, to, limit: PAGE, ...(after !== undefined && { after }) }, { signal })
    yield* items
    if (next === undefined) return
    after = next
  }
}

export type SeriesState = Awaited<ReturnType<TimescaleDBDSL['health']>>['items'][number]

export function healthOf(all: readonly SeriesState[]): Health {
  const bad = all.filter(({ status }) => status !== 'ok')
  const counted = (status: string) => all.filter((one) => one.status === status).length
  const late = (one: SeriesState): number => (typeof one.late === 'number' ? one.late : 0)
  return {
    series: all.length,
    ok: counted('ok'),
    stale: counted('stale'),
    gappy: counted('gappy'),
    flawed: counted('flawed'),
    late_rows: all.reduce((sum, one) => sum + late(one), 0),
    worst: bad.toSorted((a, b) => b.gaps - a.gaps || b.age_seconds - a.age_seconds).slice(0, LISTED),
  }
}

export async function gapsOf({ coverage }: AgentParts): Promise<Gaps> {
  const all = (await coverage.list()).flatMap(({ coinId, source, currency, type, timeframe, gaps }) =>
    gaps.map(({ from, to, reason, missing, settled }) => ({
      coin_id: coinId,
      source,
      currency,
      type: timeframe ?? type,
      length: to - from,
      from: formatTime(from),
      to: formatTime(to),
      reason,
      ...(missing !== undefined && { missing }),
      fillable: settled === undefined,
    })),
  )
  const seconds: Partial<Record<GapReason, number>> = {}
  for (const { reason, length } of all) seconds[reason] = (seconds[reason] ?? 0) + length / 1e6
  return {
    count: all.length,
    fillable: all.filter(({ fillable }) => fillable).length,
    seconds,
    longest: all
      .toSorted((a, b) => b.length - a.length)
      .slice(0, LISTED)
      .map(({ length: _, ...gap }) => gap),
  }
}

export async function deadLettersOf({ deadLetters }: AgentParts, signal: AbortSignal): Promise<DeadLetterCount[]> {
  const all = await deadLetters.list({ pending: true, limit: MOST_LETTERS, signal })
  return [...Map.groupBy(all, ({ topic, stage }) => `${topic} ${stage}`).values()].map((of) => {
    const [latest] = of.toSorted((a, b) => b.timestamp - a.timestamp) as [(typeof of)[number]]
    return { topic: latest.topic, stage: latest.stage, count: of.length, latest_reason: latest.reason.slice(0, 200) }
  })
}

/** Size, growth and retention of each table. */
export async function storageOf({ store }: AgentParts, dsl: TimescaleDBDSL, to: Micros, signal: AbortSignal): Promise<Storage> {
  const { layout, tables } = await dsl.tables({ action: 'statistics' }, { signal })
  const known = tables.filter(({ table }) => Object.hasOwn(TIME_TABLES, table))
  const grown = await Promise.all(
    known.map(({ table }) =>
      store.pool.query<{ n: string }>(`select count(*) as n from ${table} where time >= $1 and time < $2`, [
        formatTime(to - DAY),
        formatTime(to),
      ]),
    ),
  )
  return {
    layout,
    tables: known.map(({ table, rows = 0, bytes = 0, retention_days, compress_after_days }, i) => ({
      table: table as TimeTable,
      rows,
      bytes,
      rows_a_day: Number(grown[i]?.rows[0]?.n ?? 0),
      ...(retention_days !== undefined && { retention_days }),
      ...(compress_after_days !== undefined && { compress_after_days }),
    })),
  }
}
