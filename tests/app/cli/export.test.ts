import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { claimOutput } from '../../../app/cli/export/claimOutput.ts'
import { openStore, type Store } from '../../../lib/src/base/database/index.ts'
import { parquet } from '../../../lib/src/base/segments/index.ts'
import { type Decimal, type Price, price, type RecordType } from '../../../lib/src/base/types/index.ts'
import { aBar, aPrice, MINUTE, MONDAY } from '../../database/records.ts'
import { testDatabase } from '../../support/database.ts'
import { until } from '../../support/until.ts'
import { makeProject, type Project } from './project.ts'
import { failure, qicore, Running } from './qicore.ts'

const database = await testDatabase()
const env = { DATABASE_URL: database.url }
let store: Store
let project: Project
const EXACT = '1234567890123456789012345678901234567890.0123456789012345678901234567890123456789' as Decimal

/** Records of several pieces, so that an export can be interrupted between them. */
const MANY = 120_000
const many: Price[] = Array.from({ length: MANY }, (_, i) =>
  aPrice({ coinId: 'many', time: MONDAY + i * 1_000_000, price: i % 1000 === 7 ? EXACT : `${i}.25` }),
)
const few = ['a', 'b/c'].flatMap((coinId) =>
  [0, 1, 1440, 2 * 1440].map((minute) => aPrice({ coinId, time: MONDAY + minute * MINUTE })),
)

beforeAll(async () => {
  store = await openStore({ databaseUrl: database.url, home: '/nowhere' })
  project = await makeProject('export')
  for (let i = 0; i < MANY; i += 30_000) await store.dsl.storePrices(many.slice(i, i + 30_000))
  await store.dsl.storePrices(few)
  await store.dsl.storeOHLCV([0, 1, 2].map((minute) => aBar({ coinId: 'a', time: MONDAY + minute * MINUTE })))
})
afterAll(async () => {
  await store.close()
  await project[Symbol.asyncDispose]()
})

const run = (...args: string[]) => qicore(['export', ...args], { cwd: project.cwd, env })
const at = (name: string) => join(project.cwd, name)
const lines = (some: readonly Price[]) => some.map((one) => `${price.encode(one)}\n`).join('')

async function rowsOf(name: string): Promise<string> {
  const parts = await Array.fromAsync(parquet().read(price as unknown as RecordType, at(name)))
  return Buffer.concat(parts).toString()
}

test('a file in each format has every record with every digit', async () => {
  for (const name of ['a.ndjson', 'a.ndjson.gz', 'a.csv', 'a.parquet']) {
    const { code, stdout, stderr } = await run('prices', 'many', '-o', name)
    expect([code, stdout]).toEqual([0, ''])
    expect(stderr).toMatch(/^Done: 120000 records, .* in .*: a\./m)
  }
  expect(await readFile(at('a.ndjson'), 'utf8')).toBe(lines(many))
  expect(gunzipSync(await readFile(at('a.ndjson.gz'))).toString()).toBe(lines(many))
  expect(await rowsOf('a.parquet')).toBe(lines(many))
  const csv = (await readFile(at('a.csv'), 'utf8')).split('\r\n')
  expect(csv).toHaveLength(MANY + 2)
  expect(csv[8]).toContain(EXACT)
})

test.each(['ndjson', 'csv.gz', 'parquet'])(
  'an export to %s that was killed resumes after the records on disk, and gives the same file',
  async (suffix) => {
    const [whole, killed] = [`whole.${suffix}`, `killed.${suffix}`]
    expect((await run('prices', 'many', '-o', whole)).code).toBe(0)
    let kills = 0
    for (let seen = 200; kills < 2; ) {
      const running = new Running(['export', 'prices', 'many', '-o', killed], { cwd: project.cwd, env })
      const grown = until(
        async () => {
          const { size } = await stat(at(`${killed}.export`)).catch(() => ({ size: seen }))
          return size > seen ? size : undefined
        },
        'another checkpoint',
        20_000,
      )
      const size = await Promise.race([grown, running.ended.then(() => undefined)])
      if (size === undefined) break
      seen = size
      running.signal('SIGKILL')
      await running.ended
      kills++
    }
    const last = await run('prices', 'many', '-o', killed)
    expect([last.code, kills > 0]).toEqual([0, true])
    expect(last.stderr).toMatch(/^Resuming after [1-9]\d* records\.$/m)
    const read = (name: string) =>
      suffix === 'parquet'
        ? rowsOf(name)
        : readFile(at(name)).then((bytes) => (suffix === 'csv.gz' ? gunzipSync(bytes) : bytes).toString())
    expect(await read(killed)).toBe(await read(whole))
    expect((await readdir(project.cwd)).filter((name) => name.startsWith(killed))).toEqual([killed])
  },
)

test('an interrupted export says how to resume; a different export to the same file is refused', async () => {
  const running = new Running(['export', 'prices', 'many', '-o', 'cut.ndjson'], { cwd: project.cwd, env })
  await until(() => stat(at('cut.ndjson.partial')).catch(() => undefined), 'a file')
  running.signal('SIGINT')
  const { code, stderr } = await running.ended
  if (code !== 0) {
    expect(stderr).toContain('The same command goes on from there.')
    const other = await run('prices', 'a', '-o', 'cut.ndjson', '--json')
    expect(failure(other)).toMatchObject({
      code: 'CONFLICT',
      field: 'output',
      message: expect.stringContaining('part of another export'),
    })
    expect((await run('prices', 'many', '-o', 'cut.ndjson')).code).toBe(0)
  }
  expect(await readFile(at('cut.ndjson'), 'utf8')).toBe(lines(many))
})

test('a second export of the same file is refused while the first one runs, and not after a kill', async () => {
  const first = new Running(['export', 'prices', 'many', '-o', 'both.parquet'], { cwd: project.cwd, env })
  await until(() => stat(at('both.parquet.partial')).catch(() => undefined), 'a file')
  // Stopped, so that it still runs when the second one starts.
  first.signal('SIGSTOP')
  const second = await run('prices', 'many', '-o', 'both.parquet', '--overwrite', '--json')
  first.signal('SIGKILL')
  await first.ended
  expect(failure(second)).toMatchObject({
    code: 'CONFLICT',
    field: 'output',
    message: `another export writes ${at('both.parquet')} now: wait until it ends, or name another output`,
  })
  expect((await stat(at('both.parquet.lock'))).isSocket()).toBe(true)
  expect((await run('prices', 'many', '-o', 'both.parquet')).code).toBe(0)
  expect((await readdir(project.cwd)).filter((name) => name.startsWith('both'))).toEqual(['both.parquet'])
})

test('a second export into the same folder is refused, naming the process of the first one', async () => {
  const args = ['prices', 'a', '--partition', 'day', '--format', 'csv', '-o', 'days']
  await mkdir(at('days'))
  const claim = await claimOutput(at('days'), at('days/.qicore-export.lock'))
  expect(failure(await run(...args, '--json'))).toMatchObject({
    code: 'CONFLICT',
    message: expect.stringContaining(`now (process ${process.pid}): wait`),
  })
  await claim[Symbol.asyncDispose]()
  expect((await run(...args)).code).toBe(0)
  expect((await readdir(at('days'))).filter((name) => name.startsWith('.'))).toEqual([])
})

test('after a kill between rename and clean-up the same command reports success', async () => {
  expect((await run('prices', 'a', '-o', 'named.csv')).code).toBe(0)
  const whole = await readFile(at('named.csv'))
  const job = { asked: { kind: 'prices', coins: ['a'] }, meant: {} }
  const log = [job, { whole: { rows: 4, bytes: whole.length } }].map((line) => `${JSON.stringify(line)}\n`).join('')
  await writeFile(at('named.csv.export'), log)
  const again = await run('prices', 'a', '-o', 'named.csv')
  expect([again.code, again.stderr]).toEqual([0, expect.stringMatching(/^Done: 4 records, /m)])
  expect((await readdir(project.cwd)).filter((name) => name.startsWith('named'))).toEqual(['named.csv'])
  expect((await run('prices', 'a', '-o', 'named.csv')).code).not.toBe(0)
})

test('--partition writes hive partitions by source and day', async () => {
  const { code } = await run('prices', 'a', 'b/c', '--partition', 'day', '--format', 'ndjson', '-o', 'lake')
  expect(code).toBe(0)
  const files = (await readdir(at('lake'), { recursive: true })).filter((name) => name.endsWith('.ndjson')).sort()
  const days = ['2026-01-05', '2026-01-06', '2026-01-07']
  expect(files).toEqual(
    days.flatMap((day) => ['a-usd', 'b%2Fc-usd'].map((name) => `source=coingecko/date=${day}/${name}.ndjson`)).sort(),
  )
  expect(await readFile(at('lake/source=coingecko/date=2026-01-05/a-usd.ndjson'), 'utf8')).toBe(lines(few.slice(0, 2)))
  expect(await readdir(at('lake'))).toEqual(['source=coingecko'])
})

test('exports to stdout; candles are those of the chart', async () => {
  const { stdout, stderr } = await run('prices', 'a', '-o', '-', '--format', 'ndjson')
  expect([stdout, stderr]).toEqual([lines(few.slice(0, 4)), ''])
  const candles = await run('candles', 'a', '--timeframe', '1m', '--to', '2026-01-05T00:03:00Z', '-o', '-')
  expect(candles.stdout.split('\r\n')[0]).toMatch(/^coin_id,.*,covered,partial,flaw$/)
  expect(candles.stdout.split('\r\n')).toHaveLength(5)
})

test('a refusal has field and remedy, and nothing is written', async () => {
  const refusal = async (...args: string[]) => {
    const { code, field, message } = failure(await run(...args, '--json')) as unknown as Record<string, string>
    return [code, field, message]
  }
  await writeFile(at('there.csv'), 'mine')
  expect(await refusal('prices', 'a', '-o', 'there.csv')).toEqual([
    'CONFLICT',
    'output',
    expect.stringContaining('exists: name another file'),
  ])
  expect(await readFile(at('there.csv'), 'utf8')).toBe('mine')
  expect(await refusal('prices', 'a')).toEqual(['BAD_REQUEST', 'output', expect.stringContaining('-o')])
  expect(await refusal('prices', 'a', '-o', 'a.xml')).toEqual([
    'BAD_REQUEST',
    'format',
    expect.stringContaining('.csv, .ndjson or .parquet'),
  ])
  expect(await refusal('prizes', '-o', 'a.csv')).toEqual(['BAD_REQUEST', 'kind', expect.stringContaining('did you mean prices?')])
  expect(await refusal('prices', 'nowhere', '-o', 'b.csv')).toEqual(['NOT_FOUND', 'coin', expect.any(String)])
  expect(await refusal('prices', 'a', '--timeframe', '1h', '-o', 'b.csv')).toEqual([
    'BAD_REQUEST',
    'timeframe',
    expect.any(String),
  ])
  expect(await refusal('prices', 'a', '--from', 'now', '--to', '-1d', '-o', 'b.csv')).toEqual([
    'BAD_REQUEST',
    'from',
    expect.any(String),
  ])
  expect(await refusal('candles', '-o', 'b.csv')).toEqual(['BAD_REQUEST', 'coins', expect.any(String)])
  expect((await readdir(project.cwd)).filter((name) => name.startsWith('b.'))).toEqual([])
})
