import type { Store } from '../../lib/src/base/database/index.ts'
import { type Price, price as priceType } from '../../lib/src/base/types/index.ts'
import type { BenchContext } from '../context.ts'
import { prices } from '../prices.ts'
import { interleave, markdown, summarise } from '../rounds.ts'
import { emptyTable, TEXT_TABLE } from '../table.ts'

const IN_FLIGHT = 16
/** The requests/s that were claimed of this client at first. */
const CHARTER = 4_600

/** DrizzleClient, one row a request with 16 in flight, against node-postgres alone with the same statement. */
export async function drizzleRequests({ store, records, rounds, note }: BenchContext): Promise<string> {
  const requests = Math.min(records, 20_000)
  const all = [...prices(requests)]
  const sections: string[] = []
  const insertRaw = `insert into ${TEXT_TABLE} (${columns.join(', ')}) values (${columns.map((_, i) => `$${i + 1}`).join(', ')})`
  const inserts = await interleave(
    {
      'node-postgres, prepared insert': onEmpty(store, all, (p) =>
        store.pool.query({ name: 'bench-insert', text: insertRaw, values: rowOf(p) }),
      ),
      'DrizzleClient.insert': onEmpty(store, all, (p) => store.drizzle.insert(priceType, p)),
    },
    rounds,
    note,
  )
  const writes = summarise(inserts, requests, 'node-postgres, prepared insert')
  sections.push(markdown(`Writes of one row, ${IN_FLIGHT} in flight`, 'requests/s', writes))

  await store.pool.query(
    `insert into ${TEXT_TABLE} (${columns.join(', ')}) select ${columns.join(', ')} from crypto_prices on conflict do nothing`,
  )
  const latestRaw = `select ${columns.join(', ')} from ${TEXT_TABLE} where coin_id = $1 and source = $2 and currency = $3 order by time desc limit 1`
  const reads = await interleave(
    {
      'node-postgres, prepared read': () =>
        inFlight(all, (p) => store.pool.query({ name: 'bench-read', text: latestRaw, values: [p.coinId, p.source, p.currency] })),
      'DrizzleClient.latestPrice': () => inFlight(all, (p) => store.drizzle.latestPrice(p)),
    },
    rounds,
    note,
  )
  const read = summarise(reads, requests, 'node-postgres, prepared read')
  sections.push(markdown(`Latest price of one series, ${IN_FLIGHT} in flight`, 'requests/s', read))
  const beside = [...writes, ...read].filter((row) => row.contender.startsWith('Drizzle'))
  sections.push(
    beside
      .map(
        (row) =>
          `${row.contender}: ${(row.rate / CHARTER).toFixed(2)} × the charter's ${CHARTER.toLocaleString('en')} requests/s.`,
      )
      .join('\n'),
  )
  return sections.join('\n\n')
}

const columns = priceType.fields.map((field) => field.name)
const rowOf = (record: Price): unknown[] => {
  const wire = priceType.toWire(record)
  return columns.map((name) => wire[name] ?? null)
}

const onEmpty = (store: Store, all: readonly Price[], request: (price: Price) => Promise<unknown>) => async () => {
  await emptyTable(store)
  return inFlight(all, request)
}

async function inFlight(all: readonly Price[], request: (price: Price) => Promise<unknown>): Promise<number> {
  const started = performance.now()
  let next = 0
  const worker = async () => {
    for (let price = all[next++]; price; price = all[next++]) await request(price)
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker))
  return performance.now() - started
}
