import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { CryptoDataPlatform, loadConfig } from '../../lib/src/streaming/platform/index.ts'
import { recordingLogger } from '../app/server/served.ts'
import { testDatabase } from '../support/database.ts'
import { temporary } from '../support/temporary.ts'
import { until } from '../support/until.ts'

const database = await testDatabase()

test('health shows since when and why a provider limits a source, when it is retried, and its recovery', async () => {
  let limited = true
  const server = createServer((_, response) => {
    if (limited)
      response
        .writeHead(429, { 'retry-after': '2' })
        .end('{"status":{"error_code":429,"error_message":"You have exceeded the Rate Limit"}}')
    else response.writeHead(200, { 'content-type': 'application/json' }).end('[]')
  }).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const env = { DATABASE_URL: database.url, QICORE_SOURCES: 'coingecko', COINGECKO_BASE_URL: `http://127.0.0.1:${port}` }
  const { config } = loadConfig({ cwd: await temporary('limited'), env })
  const logger = recordingLogger()
  const told = (status: string) =>
    logger.lines.some(({ fields }) => fields.part === 'source coingecko' && fields.status === status)
  await using platform = new CryptoDataPlatform({ config, logger, watchMs: 100 })
  const before = Date.now()
  await platform.start()
  // Nobody has asked for it yet.
  await until(() => told('degraded'), 'the log line')

  const part = async () => (await platform.health()).parts.find(({ name }) => name === 'source coingecko')
  const unwell = await until(async () => {
    const found = await part()
    return found?.status === 'degraded' && found
  }, 'the source to be degraded')
  expect(unwell.summary).toMatch(/HTTP 429, .*exceeded the Rate Limit/)
  expect(unwell.action).toMatch(/^it is retried in \d s, until it answers$/)
  expect(unwell.since).toBeGreaterThanOrEqual(before)
  expect(unwell.since).toBeLessThanOrEqual(Date.now())
  expect(platform.getStatus().publishers).toMatchObject([{ source: 'coingecko', trouble: { error: { code: 'RATE_LIMITED' } } }])
  // The penalty is told in the background, and is over before the next try.
  const penalized = await until(async () => {
    const [budget] = await platform.rateLimits()
    return budget && budget.penaltyMs > 0 && budget
  }, 'the penalty')
  expect(penalized).toMatchObject({ service: 'CoinGecko', limit: 10, free: 0 })

  limited = false
  await until(async () => (await part())?.status === 'up', 'the source to be well again')
  await until(() => told('up'), 'the log line')
  await until(async () => ((await platform.rateLimits())[0]?.free ?? 0) > 0, 'free calls')
})
