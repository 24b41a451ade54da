import { CryptoFinancialDSL, type PoolClient, type Store } from '../lib/src/base/database/index.ts'
import { ArrivalOrder } from '../lib/src/base/types/index.ts'

interface Asked {
  readonly text: string
  readonly values?: readonly unknown[]
}

/** The statement that a verb sends, with its values written out; the work sends exactly one. */
export async function statementOf(store: Store, work: (dsl: CryptoFinancialDSL) => Promise<unknown>): Promise<string> {
  const asked: Asked[] = []
  const pool = store.createPool({ max: 1 })
  pool.on('connect', (client) => record(client as PoolClient, asked))
  const dsl = new CryptoFinancialDSL(pool, store.timescale, new ArrivalOrder())
  // The first call also asks what is kept for the next ones, such as whether there are trades.
  await work(dsl)
  asked.length = 0
  await work(dsl)
  await pool.end()
  const [one, ...more] = asked.filter(({ text }) => /^\s*(select|with)/.test(text))
  if (!one || more.length > 0)
    throw new Error(`expected one statement, not ${asked.length}: ${asked.map(({ text }) => text).join('\n')}`)
  return one.text.replaceAll(/\$(\d+)/g, (_, place: string) => literal(one.values?.[Number(place) - 1]))
}

function record(client: PoolClient, asked: Asked[]): void {
  const query = client.query.bind(client) as (...given: unknown[]) => unknown
  client.query = ((...given: unknown[]) => {
    if (typeof given[0] === 'object') asked.push(given[0] as Asked)
    return query(...given)
  }) as typeof client.query
}

function literal(value: unknown): string {
  if (value === null || value === undefined) return 'null'
  if (Array.isArray(value)) return `array[${value.map(literal).join(', ')}]::text[]`
  return typeof value === 'string' ? `'${value.replaceAll("'", "''")}'` : String(value)
}
