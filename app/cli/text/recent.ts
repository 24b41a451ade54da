import { type MarketReads, parseQuery, recentQuery } from '../../../lib/src/base/database/index.ts'
import type { RecordType, RecordValues } from '../../../lib/src/base/types/index.ts'
import { openReadsOf } from '../engines.ts'
import type { Session } from '../session.ts'
import { printCsv } from './csv.ts'
import { type Column, printTable } from './table.ts'

export interface RecentInput {
  readonly coin: string
  readonly source?: readonly string[]
  readonly currency?: readonly string[]
  readonly from?: string
  readonly to?: string
  readonly limit?: string
  readonly simulated?: boolean
}

type Ask<R> = (dsl: MarketReads, query: ReturnType<typeof parseQuery<typeof recentQuery>>) => Promise<readonly R[]>

/** Prints the latest records of a coin, with every digit. */
export async function printRecent<R extends RecordValues>(
  session: Session,
  { coin, source, currency, from, to, limit, simulated }: RecentInput,
  type: RecordType<R>,
  columns: readonly Column<R>[],
  ask: Ask<R>,
): Promise<undefined> {
  const named = { coin, sources: source, currencies: currency }
  const query = parseQuery(recentQuery, { ...named, from, to, limit, include_simulated: simulated })
  await using store = await openReadsOf(session, await session.load())
  const found = await session.unlessInterrupted(ask(store.dsl, query))
  const wire = () => found.map((record) => type.toWire(record))
  if (session.json) return void (await session.out.json({ items: wire() }))
  const names = type.fields.map(({ name }) => name)
  if (session.csv) return void (await printCsv(session.out, names, wire()))
  if (found.length === 0) return void (await session.remark(`no ${type.name} in that range`))
  await printTable(session.out, columns, found)
  if (found.length === query.limit) await session.remark(`the latest ${found.length}; raise --limit for earlier ones`)
}
