import { pino } from 'pino'
import { expect, test } from 'vitest'
import { freePort } from '../../bench/freePort.ts'
import { CryptoDataPlatform, loadConfig } from '../../lib/src/streaming/platform/index.ts'
import { testDatabase } from '../support/database.ts'
import { temporary } from '../support/temporary.ts'
import { until } from '../support/until.ts'

const database = await testDatabase()

test('while CoinGecko cannot be reached the simulated market is the fallback, and health says why and since when', async () => {
  const before = Date.now()
  const env = { DATABASE_URL: database.url, COINGECKO_BASE_URL: `http://127.0.0.1:${await freePort()}` }
  const logged: string[] = []
  const logger = pino({ base: null }, { write: (line: string) => logged.push(line) })
  const { config } = loadConfig({ cwd: await temporary('fallback'), env })
  const notices: string[] = []
  await using platform = new CryptoDataPlatform({ config, logger, onNotice: (line) => notices.push(line) })
  await platform.start()
  await until(() => platform.getStatus().publishers.some(({ source }) => source === 'simulated'), 'the simulated market')
  expect(notices.filter((line) => /CoinGecko .* cannot be reached.*SIMULATED/.test(line))).toHaveLength(1)
  const { status, parts } = await platform.health()
  expect(status).toBe('degraded')
  const part = parts.find(({ name }) => name === 'source coingecko')
  expect(part).toMatchObject({
    status: 'degraded',
    summary: expect.stringMatching(/ECONNREFUSED.*fallback: the simulated market/),
  })
  expect(part?.since).toBeGreaterThanOrEqual(before)
  expect(logged.filter((line) => line.includes('ECONNREFUSED'))).toEqual([]) // the notice has said it
})
