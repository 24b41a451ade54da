import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll } from 'vitest'
import { qicore, Running } from '../app/cli/qicore.ts'
import { startExchange, UPBIT, upbitCandle, upbitMarkets, upbitTicker, upbitTrade } from '../publishers/ccxt/exchangeServer.ts'
import { testDatabase } from '../support/database.ts'
import { describeWith } from '../support/services.ts'
import { until } from '../support/until.ts'
import { followPage, readPage } from './page.ts'

const { url, admin } = await testDatabase()
const cwd = await mkdtemp(join(tmpdir(), 'qicore-ccxt-'))
await chmod(cwd, 0o755)
const now = Date.now()
const server = await startExchange({
  [UPBIT.markets]: upbitMarkets('BTC/KRW', 'ETH/KRW'),
  [UPBIT.trades]: `[${upbitTrade('17960611643620001', now)}]`,
  [UPBIT.candles]: `[${upbitCandle(Math.floor(now / 60_000) * 60_000)}]`,
  [UPBIT.ticker]: `[${upbitTicker('BTC/KRW', '123456789012345678.12345678', now)},${upbitTicker('ETH/KRW', '2', now)}]`,
})
const store = new pg.Pool({ connectionString: admin })
afterAll(async () => {
  await store.end()
  await server[Symbol.asyncDispose]()
  await rm(cwd, { recursive: true, force: true })
})

/** Until the price is stored. */
async function up(): Promise<string> {
  const running = new Running(['up', '--port', '0'], { cwd, env: { DATABASE_URL: url } })
  const stored = async () =>
    (await store.query("select from crypto_prices where coin_id = 'BTC/KRW'").catch(() => ({ rowCount: 0 }))).rowCount !== 0
  await Promise.race([until(stored, 'the price'), running.ended])
  running.signal('SIGINT')
  const { stdout, stderr } = await running.ended
  return `${stdout}${stderr}`
}

async function run(command: string): Promise<string> {
  if (command === 'npx qicore up') return up()
  const { stdout, stderr } = await qicore(command.split(' ').slice(2), { cwd, env: { DATABASE_URL: url } })
  return `${stdout}${stderr}`
}

const page = (await readPage('ccxt.md')).replace('type: ccxt\n', `type: ccxt\n    base_url: ${server.url}\n`)
describeWith('ccxt', 'the page about ccxt', () => followPage('ccxt.md', page, { cwd, run }))
