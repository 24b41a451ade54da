import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openStore } from '../../lib/src/base/database/index.ts'
import { silentLogger } from '../../lib/src/base/types/index.ts'
import { loadConfig, openBackfill } from '../../lib/src/streaming/platform/index.ts'
import { folderOf, importFiles } from '../import/importing.ts'
import { binance } from '../publishers/venue/fake/binance.ts'
import { FakeVenue } from '../publishers/venue/fake/FakeVenue.ts'
import { createDatabase } from '../support/database.ts'

const SECOND = 1_000_000
const START = Date.UTC(2024, 7, 8, 12, 15) * 1000
const FIRST = 1000

/** 3,000 trades in 50 minutes, the middle 2,000 of which are in a file. */
const trades = Array.from({ length: 3000 }, (_, i) => ({
  ...{ id: FIRST + i, symbol: 'BTCUSDT', price: '61837.63', amount: '0.00008' },
  ...{ side: i % 3 === 0 ? ('sell' as const) : ('buy' as const), time: START + i * SECOND },
}))
const row = ({ id, price, amount, side, time }: (typeof trades)[number]) =>
  `${id},${price},${amount},4.94,${time},${side === 'sell' ? 'True' : 'False'},True`

test('trades that a file gave are not fetched from the venue again: it is asked for those before and behind', async () => {
  const database = await createDatabase()
  onTestFinished(database.drop)
  const venue = await FakeVenue.start(binance)
  onTestFinished(() => venue.close())
  venue.market.of('BTCUSDT').push(...trades)
  const url = `http://127.0.0.1:${venue.port}`
  const home = mkdtempSync(join(tmpdir(), 'qicore-from-files-'))
  onTestFinished(() => rmSync(home, { recursive: true }))
  writeFileSync(
    join(home, 'qicore.yaml'),
    `sources: { run: [], binance: { symbols: [BTC/USDT], rest_url: "${url}", ws_url: "${url.replace('http', 'ws')}/ws" } }\n`,
  )
  const folder = folderOf({ 'BTCUSDT-trades-2024-08-08.csv': `${trades.slice(500, 2500).map(row).join('\n')}\n` })
  const imported = await importFiles(database.url, { paths: [folder], format: 'binance-vision', coins: ['BTC/USDT'] })
  expect(imported).toMatchObject({ failed: 0, stored: 2000 })

  const { config } = loadConfig({ cwd: home, env: { DATABASE_URL: database.url } })
  await using backfill = await openBackfill({ config, logger: silentLogger })
  const range = { from: START, to: START + 3000 * SECOND }
  const tasks = await backfill.plan({ coins: ['BTC/USDT'], source: 'binance', type: 'trade', ...range })
  const result = await backfill.run(tasks)
  // The first and the last trade of the file come again: others may share their moment.
  expect(result).toMatchObject({ failures: [], overwritten: 0, records: 1002 })
  const asked = venue.state.calls
    .filter((call) => call.includes('historicalTrades'))
    .map((call) => Number(/fromId=(\d+)/.exec(call)?.[1]))
  expect(asked.filter((id) => id > FIRST + 500 && id < FIRST + 2400)).toEqual([])

  const store = await openStore({ home, databaseUrl: database.url })
  onTestFinished(() => store.close())
  const { rows } = await store.pool.query(
    "select count(*)::int as n, max(sequence) - min(sequence) + 1 as range from trades where source = 'binance'",
  )
  expect(rows).toEqual([{ n: 3000, range: '3000' }])
  expect((await backfill.coverage.list()).flatMap(({ gaps }) => gaps)).toEqual([])
  expect(
    (await backfill.run(await backfill.plan({ coins: ['BTC/USDT'], source: 'binance', type: 'trade', ...range }))).calls,
  ).toBe(0)
})
