import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, onTestFinished, test } from 'vitest'
import { CryptoDataPlatform, loadConfig } from '../../lib/src/streaming/platform/index.ts'
import { recordingLogger } from '../app/server/served.ts'
import { testDatabase } from '../support/database.ts'
import { temporary } from '../support/temporary.ts'
import { until } from '../support/until.ts'

const database = await testDatabase()

async function platformOf(env: Record<string, string>, yaml = '') {
  const cwd = await temporary('final')
  writeFileSync(join(cwd, 'qicore.yaml'), yaml)
  const { config } = loadConfig({ cwd, env: { DATABASE_URL: database.url, ...env } })
  const logger = recordingLogger()
  const notices: string[] = []
  const platform = new CryptoDataPlatform({ config, logger, watchMs: 20, onNotice: (line) => notices.push(line) })
  onTestFinished(() => platform.stop())
  const part = (name: string) => platform.getStatus().parts.find((one) => one.name === name)
  return { platform, logger, notices, part }
}

/** An archive whose last bytes are missing. */
async function cutArchive(): Promise<string> {
  const rows = Array.from({ length: 5000 }, (_, i) => `${new Date(1_704_067_200_000 + i * 1000).toISOString()},${i}`)
  const whole = gzipSync(`time,price\n${rows.join('\n')}\n`)
  const path = join(await temporary('cut'), 'price.csv.gz')
  writeFileSync(path, whole.subarray(0, whole.length - 3000))
  return path
}

test('a cut archive: its readable records are stored once, then there is one final error with the line to resume from', async () => {
  const path = await cutArchive()
  const yaml = `sources:\n  replay:\n    path: ${path}\n    constants: { source: file, coin_id: cut, currency: usd }\n`
  const { platform, logger, notices, part } = await platformOf({}, yaml)
  await platform.start()
  await until(() => part('source replay')?.state === 'failed', 'the final failure')
  const message = part('source replay')?.lastError?.message ?? ''
  const line = Number(/price\.csv\.gz:(\d+): unexpected end of file/.exec(message)?.[1])
  expect(message).toContain(`set resume: price.csv.gz:${line}`)
  await until(async () => {
    const lags = await Promise.all(platform.getStatus().consumers.map(({ group }) => platform.stream.lag(group)))
    return lags.flat().length > 0 && lags.flat().every(({ lag }) => lag === 0n)
  }, 'all to be stored')
  const { rows } = await platform.store.pool.query(
    `select count(*)::int as n, count(distinct time)::int as times from crypto_prices where coin_id = 'cut'`,
  )
  // The header is line 1, and the line that was cut is not among them.
  expect(rows[0]).toEqual({ n: line - 2, times: line - 2 })
  const health = (await platform.health()).parts.find(({ name }) => name === 'source replay')
  expect(health).toMatchObject({
    status: 'down',
    code: 'BAD_DATA',
    summary: message,
    action: expect.stringContaining('fix the cause'),
  })
  const told = logger.lines.filter((one) => JSON.stringify(one).includes('source replay'))
  expect(told.map(({ message: said }) => said)).toEqual([expect.stringContaining('it is not restarted')])
  expect(notices.filter((notice) => notice.startsWith('No source runs: source replay failed: price.csv.gz'))).toHaveLength(1)
  expect(part('source replay')).toMatchObject({ restarts: 0 })
})

test.each([
  ['a missing file', '/no/such/file.csv', 'CONFIG_INVALID', 'path "/no/such/file.csv" cannot be read'],
  ['a setting that contradicts the file', 'PATH', 'CONFIG_INVALID', 'a price needs coin_id, source, currency'],
])('%s is final, until a start is asked for', async (_, path, code, message) => {
  const yaml = `sources: { replay: { path: ${path.replace('PATH', await cutArchive())} } }\n`
  const { platform, part } = await platformOf({}, yaml)
  await platform.start()
  const failed = await until(() => part('source replay')?.state === 'failed' && part('source replay'), 'the final failure')
  expect(failed.lastError).toMatchObject({ code, message: expect.stringContaining(message) })
  await platform.restartPart('source replay')
  await until(() => part('source replay')?.since !== failed.since && part('source replay')?.state === 'failed', 'it again')
  await platform.stopSource('replay')
  expect((await platform.health()).parts.some(({ name }) => name === 'source replay')).toBe(false)
})

test.each([
  [401, 'UNAUTHORIZED', 'failed'],
  [403, 'FORBIDDEN', 'failed'],
] as const)('a provider that answers %i has refused the key for good', async (status, code, state) => {
  let asked = 0
  const server = createServer((_, response) => {
    asked++
    response.writeHead(status, { 'content-type': 'application/json' }).end('{"error":"no"}')
  }).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const { platform, part } = await platformOf({ QICORE_SOURCES: 'coingecko', COINGECKO_BASE_URL: url })
  await platform.start()
  await until(() => part('source coingecko')?.state === state, 'the final failure')
  expect(part('source coingecko')?.lastError).toMatchObject({ code })
  const before = asked
  await platform.health()
  expect(asked).toBe(before)
})
