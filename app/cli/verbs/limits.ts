import { type KeptLimit, RateLimitLedger } from '../../../lib/src/base/database/index.ts'
import { openReadsOf } from '../engines.ts'
import { orNothing } from '../orNothing.ts'
import type { Session } from '../session.ts'
import { age, duration } from '../text/age.ts'
import { printCsv } from '../text/csv.ts'
import { type Column, printTable } from '../text/table.ts'

export async function run(session: Session): Promise<undefined> {
  const loaded = await session.load()
  await using store = await openReadsOf(session, loaded)
  const found = await session.unlessInterrupted(orNothing(new RateLimitLedger(store.pool).list()))
  if (session.json) return void (await session.out.json(found.map(wire)))
  if (session.csv)
    return void (await printCsv(
      session.out,
      ['service', 'key', 'limit', 'window_ms', 'free', 'used_at', 'penalty_until', 'penalty_by'],
      found.map(wire),
    ))
  if (found.length === 0) return void (await session.out.line('no rate limit has been used in this store'))
  await printTable(session.out, columns(Date.now()), found)
  for (const { service, penalty } of found)
    if (penalty)
      await session.remark(
        `${service} is called again at ${iso(penalty.until)}; qicore limits clear ${service} ends the penalty now`,
      )
}

const iso = (ms: number): string => new Date(ms).toISOString()

const wire = ({ service, key, limit, windowMs, free, usedAt, penalty }: KeptLimit) => ({
  service,
  key,
  limit,
  window_ms: windowMs,
  free: Math.floor(free),
  used_at: iso(usedAt),
  ...(penalty && { penalty_until: iso(penalty.until), ...(penalty.by !== undefined && { penalty_by: penalty.by }) }),
})

const columns = (now: number): readonly Column<KeptLimit>[] => [
  { title: 'rate limit', cell: (row) => row.service },
  { title: 'key', cell: (row) => row.key },
  { title: 'calls', kind: 'right', cell: (row) => `${row.limit} in ${duration(row.windowMs)}` },
  { title: 'left', kind: 'right', cell: (row) => String(Math.floor(row.free)) },
  { title: 'used', kind: 'right', cell: (row) => age(row.usedAt, now) },
  { title: 'penalty', kind: 'right', optional: true, cell: ({ penalty }) => penalty && duration(penalty.until - now) },
  { title: 'because', optional: true, cell: ({ penalty }) => penalty?.by },
]
