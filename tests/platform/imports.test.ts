import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { CryptoDataPlatform, loadConfig } from '../../lib/src/streaming/platform/index.ts'
import { testDatabase } from '../support/database.ts'
import { temporary } from '../support/temporary.ts'
import { until } from '../support/until.ts'

const database = await testDatabase()

/** Runs the platform until a file is imported and stored. */
async function imported(text: string, settings: Record<string, unknown>) {
  const cwd = await temporary('import')
  const path = join(cwd, 'rows.csv')
  writeFileSync(path, text)
  writeFileSync(join(cwd, 'qicore.yaml'), JSON.stringify({ sources: { replay: { path, ...settings } } }))
  const { config } = loadConfig({ cwd, env: { DATABASE_URL: database.url } })
  const notices: string[] = []
  const platform = new CryptoDataPlatform({ config, onNotice: (line) => notices.push(line) })
  onTestFinished(() => platform.stop())
  await platform.start()
  await until(() => platform.getStatus().parts.some(({ state }) => state === 'finished'), 'the end of the file')
  const published = Number(/(\d+) published/.exec(notices.join())?.[1])
  const total = () => platform.getStatus().consumers.reduce((sum, one) => sum + one.written + one.overwritten, 0)
  await until(() => total() >= published, 'all to be stored')
  const [{ written, overwritten } = { written: 0, overwritten: 0 }] = platform.getStatus().consumers
  return { platform, notices, counts: { written, overwritten } }
}

const DEALS = { source: 'venue', coin_id: 'AAA/USD', currency: 'USD' }

test('rows that overwrite each other are counted as overwritten, and so is a second import', async () => {
  const text = 'time,price\n2024-01-01,1\n2024-01-01,2\n2024-01-02,3\n2024-01-02,4\n2024-01-03,x\n'
  const settings = { record: 'price', constants: { source: 'file', coin_id: 'twice', currency: 'usd' } }
  const { counts, notices, platform } = await imported(text, settings)
  expect(counts).toEqual({ written: 2, overwritten: 2 })
  expect(notices).toContain('replay is finished: 5 records read, 4 published, 1 refused: qicore dlq list says why')
  await platform.stop()
  expect((await imported(text, settings)).counts).toEqual({ written: 0, overwritten: 4 })
})

test('trades without ids are all stored, in file order, and once even if imported several times', async () => {
  const text = 'time,price,amount\n1717200000,410.5,0.1\n1717200000,410.5,0.2\n1717200000,410.6,0.3\n1717200001,410.7,0.4\n'
  const settings = { record: 'trade', constants: { ...DEALS, coin_id: 'BBB/USD' }, time_format: 'seconds' }
  const { counts, platform } = await imported(text, settings)
  expect(counts).toEqual({ written: 4, overwritten: 0 })
  expect(await barsOf(platform, 'BBB/USD', '1m')).toMatchObject([{ open: '410.5', close: '410.7', volume: '1' }])
  await platform.stop()
  expect((await imported(text, settings)).counts).toEqual({ written: 0, overwritten: 4 })
})

test('trades of one time with numeric ids are ordered by id, in bars of any length', async () => {
  const rows = [
    ...[97, 98, 99, 100, 101].map((id, i) => `2024-05-01T00:00:00.100Z,${id},buy,100.${i},1`),
    ...[9999998, 9999999, 10000000, 10000001].map((id, i) => `2024-05-01T00:01:00.100Z,${id},sell,200.${i + 1},1`),
  ]
  const { platform } = await imported(`time,trade_id,side,price,amount\n${rows.join('\n')}\n`, {
    record: 'trade',
    constants: DEALS,
  })
  expect(await barsOf(platform, 'AAA/USD', '1m')).toMatchObject([
    { open: '100', close: '100.4' },
    { open: '200.1', close: '200.4' },
  ])
  for (const bucket of ['1h', '90s'])
    expect(await barsOf(platform, 'AAA/USD', bucket)).toMatchObject([{ open: '100', close: '200.4' }])
})

const barsOf = async (platform: CryptoDataPlatform, coin: string, bucket: string) =>
  (await platform.store.dsl.getTimeBucketedOHLCV({ coin, bucket })).candles
