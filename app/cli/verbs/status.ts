import { runningReaderAddress } from '../../../lib/src/base/database/index.ts'
import { QiError } from '../../../lib/src/base/types/index.ts'
import { findPlatform } from '../claim/project.ts'
import { EXIT } from '../exitCodes.ts'
import type { Output } from '../output.ts'
import type { Session } from '../session.ts'
import { age, duration } from '../text/age.ts'
import { printSections } from '../text/csv.ts'
import { sourceLabel } from '../text/mark.ts'
import { type Column, printTable } from '../text/table.ts'
import { askPlatform, type Health, type Part } from '../up/ask.ts'

interface Publisher {
  readonly source: string
  readonly origin?: string
  readonly state: string
  readonly received: number
  readonly published: number
  readonly invalid: number
  readonly waiting: number
  readonly last_record_time?: string
}

interface Consumer {
  readonly pipeline: string
  readonly destination: string
  readonly state: string
  readonly read: number
  readonly written: number
  readonly overwritten: number
  readonly dead_lettered: number
  readonly waiting: number
  readonly lag?: number
}

interface RateLimit {
  readonly peer: string
  readonly limit: number
  readonly window_ms: number
  readonly free: number
  readonly penalty_ms: number
  readonly penalty_by?: string
}

interface Status {
  readonly publishers: readonly Publisher[]
  readonly consumers: readonly Consumer[]
  readonly parts: readonly { readonly name: string; readonly restarts: number }[]
  readonly rate_limits: readonly RateLimit[]
  readonly rollups?: { readonly pending: number; readonly lag_ms: number }
}

export async function run(session: Session): Promise<number> {
  const { config } = await session.load()
  const running = await findPlatform(config.home)
  if (!running?.url)
    throw new QiError(
      'UNAVAILABLE',
      running ? `the platform is starting (process ${running.pid})` : 'no platform runs in this project; `qicore up` starts one',
    )
  const ask = <T>(path: string): Promise<T> => askPlatform<T>(running.url as string, path, config.server, session.signal)
  const [health, status] = await Promise.all([ask<Health>('/health'), ask<Status>('/api/v1/status')])
  const sql = config.database.url === undefined ? await runningReaderAddress(config.home) : undefined
  if (session.json) await session.out.json({ pid: running.pid, url: running.url, ...(sql && { sql }), health, status })
  else if (session.csv) await printCsvOf(session.out, health, status)
  else await show(session.out, health, status)
  if (sql && !session.json && !session.csv) await session.out.line(`\nSQL: ${sql} (qicore psql, qicore db url)`)
  return health.status === 'down' ? EXIT.failed : EXIT.ok
}

const printCsvOf = (out: Output, { parts }: Health, { publishers, consumers, rate_limits: limits }: Status): Promise<void> =>
  printSections(out, {
    parts: [['name', 'status', 'since', 'summary', 'action'], parts.map((part) => ({ ...part }))],
    publishers: [
      ['source', 'origin', 'state', 'received', 'published', 'invalid', 'waiting', 'last_record_time'],
      publishers.map((publisher) => ({ ...publisher })),
    ],
    consumers: [
      ['pipeline', 'destination', 'state', 'read', 'written', 'overwritten', 'dead_lettered', 'waiting', 'lag'],
      consumers.map((consumer) => ({ ...consumer })),
    ],
    rate_limits: [['peer', 'limit', 'window_ms', 'free', 'penalty_ms', 'penalty_by'], limits.map((limit) => ({ ...limit }))],
  })

async function show(out: Output, health: Health, status: Status): Promise<void> {
  const { publishers, consumers, parts, rate_limits: limits, rollups } = status
  const now = Date.now()
  await out.line(out.style('bold', `The platform is ${health.status}`))
  const restarts = new Map(parts.map((part) => [part.name, part.restarts]))
  await printTable(out, partColumns(now, restarts), health.parts)
  if (publishers.length > 0) {
    await out.line()
    await printTable(out, publisherColumns(now), publishers)
  }
  if (consumers.length > 0) {
    await out.line()
    await printTable(out, consumerColumns, consumers)
  }
  if (limits.length > 0) {
    await out.line()
    await printTable(out, limitColumns, limits)
  }
  if (rollups) {
    await out.line()
    await out.line(
      rollups.pending === 0 ? 'Rollups: up to date' : `Rollups: ${rollups.pending} pending, lag ${duration(rollups.lag_ms)}`,
    )
  }
}

const MARKS = { up: 'green', degraded: 'yellow', down: 'red' } as const

const partColumns = (now: number, restarts: ReadonlyMap<string, number>): Column<Part>[] => [
  { title: 'part', cell: (row) => row.name },
  { title: 'status', cell: (row) => row.status, style: (row) => MARKS[row.status] },
  { title: 'since', kind: 'right', cell: (row) => age(Date.parse(row.since), now) },
  { title: 'restarts', kind: 'right', cell: (row) => String(restarts.get(row.name) || '') },
  { title: 'because', cell: (row) => row.summary },
  { title: 'next step', optional: true, cell: (row) => row.action },
]

const publisherColumns = (now: number): Column<Publisher>[] => [
  { title: 'source', cell: (row) => sourceLabel(row.source, row.origin === 'simulated') },
  { title: 'state', cell: (row) => row.state },
  { title: 'received', kind: 'right', cell: (row) => String(row.received) },
  { title: 'published', kind: 'right', cell: (row) => String(row.published) },
  { title: 'invalid', kind: 'right', cell: (row) => String(row.invalid) },
  { title: 'waiting', kind: 'right', cell: (row) => String(row.waiting) },
  { title: 'newest', kind: 'right', cell: (row) => row.last_record_time && age(Date.parse(row.last_record_time), now) },
]

const consumerColumns: readonly Column<Consumer>[] = [
  { title: 'pipeline', cell: (row) => row.pipeline },
  { title: 'destination', cell: (row) => row.destination },
  { title: 'state', cell: (row) => row.state },
  { title: 'read', kind: 'right', cell: (row) => String(row.read) },
  { title: 'written', kind: 'right', cell: (row) => String(row.written) },
  { title: 'overwritten', kind: 'right', cell: (row) => String(row.overwritten) },
  { title: 'dead letters', kind: 'right', cell: (row) => String(row.dead_lettered) },
  { title: 'waiting', kind: 'right', cell: (row) => String(row.waiting) },
  { title: 'lag', kind: 'right', cell: (row) => (row.lag === undefined ? '' : String(row.lag)) },
]

const limitColumns: readonly Column<RateLimit>[] = [
  { title: 'rate limit', cell: (row) => row.peer },
  { title: 'calls', kind: 'right', cell: (row) => `${row.limit} in ${duration(row.window_ms)}` },
  { title: 'left', kind: 'right', cell: (row) => String(row.free) },
  { title: 'penalty', kind: 'right', cell: (row) => (row.penalty_ms > 0 ? duration(row.penalty_ms) : '') },
  { title: 'because', optional: true, cell: (row) => row.penalty_by },
]
