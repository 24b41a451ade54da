import { afterAll, beforeAll, expect, test } from 'vitest'
import { openStore, type Store } from '../../lib/src/base/database/index.ts'
import { parseTime } from '../../lib/src/base/types/index.ts'
import { makeProject } from '../app/cli/project.ts'
import { failure, qicore } from '../app/cli/qicore.ts'
import { testDatabase } from '../support/database.ts'
import { folderOf, importFiles, textRows } from './importing.ts'

const { url } = await testDatabase()
let store: Store
beforeAll(async () => {
  store = await openStore({ databaseUrl: url, home: '/nowhere' })
})
afterAll(() => store.close())

test('of a folder only the wanted coins, types and times; an unknown symbol is left out', async () => {
  const row = (id: number) => `${id},1.5,2,3,${1_723_075_200_000 + id * 1000},True,True\n`
  const bar = `1723075200000,1,1,1,1,1,1723075259999,1,1,1,1,0\n`
  const folder = folderOf({
    'AAAUSDT-trades-2024-08-08.csv': [1, 2, 3, 4].map(row).join(''),
    'BBBUSDT-trades-2024-08-08.csv': row(1),
    'AAAUSDT-1m-2024-08-08.csv': bar,
  })
  const only = {
    member: (type: string, { coinId }: { readonly coinId: string }) => type === 'trade' && coinId === 'AAA/USDT',
    from: parseTime('2024-08-08T00:00:02Z'),
    to: parseTime('2024-08-08T00:00:04Z'),
  }
  const result = await importFiles(url, { paths: [folder], format: 'binance-vision', coins: ['AAA/USDT'], only })
  expect(result).toMatchObject({ failed: 0, stored: 2 })
  expect(await textRows(store.pool, 'select coin_id, trade_id from trades order by time')).toEqual([
    { coin_id: 'AAA/USDT', trade_id: '2' },
    { coin_id: 'AAA/USDT', trade_id: '3' },
  ])
  expect(await textRows(store.pool, 'select count(*)::text as n from ohlcv_data')).toEqual([{ n: '0' }])
})

test('backfill --from-files names the sources whose files are known', async () => {
  await using project = await makeProject('from-files')
  const args = ['backfill', 'bitcoin', '--source', 'simulated', '--from', '-1d', '--from-files', '.', '--json']
  const ended = await qicore(args, { cwd: project.cwd, env: { DATABASE_URL: url } })
  expect(failure(ended)).toMatchObject({
    code: 'BAD_REQUEST',
    message: expect.stringContaining('there are files of binance, kraken'),
  })
})
