import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { openStore } from '../../../lib/src/base/database/index.ts'
import {
  type Book,
  book,
  compareDecimals,
  decimal,
  type Price,
  price,
  type RecordType,
  type Trade,
  trade,
} from '../../../lib/src/base/types/index.ts'
import { aBook, aPrice, MINUTE, MONDAY } from '../../database/records.ts'
import { testDatabase } from '../../support/database.ts'
import { type Job, readBy, sortedTexts, textsOf } from '../../support/readers/readBy.ts'
import { readersPython } from '../../support/run/available.ts'
import { describeWith } from '../../support/services.ts'
import { until } from '../../support/until.ts'
import { makeProject } from './project.ts'
import { qicore, Running } from './qicore.ts'

const FIGURES = [
  '65000.5',
  '1234567890123456789012345678901234567890.0123456789012345678901234567890123456789',
  `-${'9'.repeat(18)}.${'9'.repeat(20)}`,
  '0.000000000056',
  `0.${'0'.repeat(39)}1`,
  '0',
].map(decimal)
const IDS = ['bitcoin', 'a "quoted", one', 'größe-中文-😀', 'x\\y', 'null', 'BTC/USDT']
const figure = (i: number) => FIGURES[i % FIGURES.length] as Price['price']
/** Enough for several pieces. */
const COUNT = 21_000
const prices: Price[] = Array.from({ length: COUNT }, (_, i) => ({
  ...aPrice({ coinId: IDS[i % IDS.length] as string, time: MONDAY + i * 1_000_001 }),
  price: figure(Math.floor(i / 7)),
  ...(i % 2 === 0 && { marketCap: figure(i + 1), volume24h: figure(i + 2) }),
}))
const trades: Trade[] = Array.from({ length: 200 }, (_, i) => ({
  ...{ coinId: IDS[i % IDS.length] as string, source: 'venue', time: MONDAY + (i % 5) * MINUTE, receivedAt: MONDAY + i },
  ...{ origin: 'live' as const, currency: 'usd', side: 'buy' as const, tradeId: `${i}-${IDS[i % IDS.length]}` },
  ...{ price: figure(i), amount: figure(i + 3) },
  ...(i % 3 === 0 && { sequence: Number.MAX_SAFE_INTEGER - i }),
}))
const SORTED = FIGURES.toSorted(compareDecimals)
const books: Book[] = Array.from({ length: 200 }, (_, i) => {
  const split = i % (SORTED.length + 1)
  const [bids, asks] = [SORTED.slice(0, split).reverse(), SORTED.slice(split)]
  const sizes = (side: readonly unknown[]) => side.map((_side, at) => figure(i + at))
  const sides = { bids, bidSizes: sizes(bids), asks, askSizes: sizes(asks) }
  return aBook({ coinId: IDS[i % IDS.length] as string, time: MONDAY + (i % 5) * MINUTE, sequence: i, levels: 100, ...sides })
})
const records = [
  [price, 'prices', prices],
  [trade, 'trades', trades],
  [book, 'books', books],
] as unknown as readonly (readonly [RecordType, string, readonly Price[]])[]
const FORMS = ['ndjson.gz', 'csv', 'parquet'] as const

describeWith('readers', 'other programs read exports with every digit', async () => {
  const { url } = await testDatabase()
  const env = { DATABASE_URL: url }
  const project = await makeProject('export-readers')
  afterAll(() => project[Symbol.asyncDispose]())
  const store = await openStore({ databaseUrl: url, home: '/nowhere' })
  for (let i = 0; i < COUNT; i += 15_000) await store.dsl.storePrices(prices.slice(i, i + 15_000))
  await store.dsl.storeTrades(trades)
  expect(await store.timescale.upsert(book, books)).toMatchObject({ failed: [] })
  await store.close()

  /** Killed at its first checkpoint if there is one, and started again. */
  async function exported(kind: string, order: string, suffix: string): Promise<string> {
    const name = `${kind}-${order}.${suffix}`
    const args = ['export', kind, '--order', order, '-o', name]
    const first = new Running(args, { cwd: project.cwd, env })
    const begun = until(async () => (await stat(join(project.cwd, `${name}.export`))).size > 300, 'a checkpoint').catch(
      () => false,
    )
    if ((await Promise.race([begun, first.ended])) === true) first.signal('SIGKILL')
    if ((await first.ended).code !== 0) expect((await qicore(args, { cwd: project.cwd, env })).code).toBe(0)
    return join(project.cwd, name)
  }

  test('pyarrow and DuckDB', async () => {
    const jobs: Job[] = []
    for (const [type, kind] of records)
      for (const [i, suffix] of FORMS.entries()) {
        const [format = '', packed] = suffix.split('.')
        const compression = packed === 'gz' ? 'gzip' : 'none'
        const files = [await exported(kind, i % 2 === 0 ? 'series' : 'time', suffix)]
        jobs.push({ type: type.name, fields: type.fields, format, compression, files })
      }
    for (const reader of ['pyarrow', 'duckdb']) {
      const answers = await readBy(readersPython(), [join(import.meta.dirname, '../../support/readers/read.py'), reader], jobs)
      for (const [i, job] of jobs.entries()) {
        const [type, , all] = records[Math.floor(i / FORMS.length)] as (typeof records)[number]
        expect(sortedTexts(answers[i] ?? []), `${reader}: ${job.files}`).toEqual(
          sortedTexts(all.map((one) => textsOf(type, one))),
        )
      }
    }
  })
})
