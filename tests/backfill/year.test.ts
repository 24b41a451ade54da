import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openStore } from '../../lib/src/base/database/index.ts'
import { formatTime } from '../../lib/src/base/types/index.ts'
import { Running } from '../app/cli/qicore.ts'
import { createDatabase } from '../support/database.ts'
import { startHistoryServer } from '../support/historyServer.ts'
import { mostInWindow } from '../support/slidingWindow.ts'
import { runsSlow } from '../support/slow.ts'
import { temporary } from '../support/temporary.ts'

const LIMIT = 150
const COINS = Array.from({ length: 20 }, (_, i) => `coin-${i}`)
const day = (ago: number): number => Math.floor(Date.now() / 86_400_000 - ago) * 86_400

describe.skipIf(!runsSlow)('a year of hourly candles of 20 coins', { timeout: 600_000 }, () => {
  test('from a server that limits, fails, hangs and truncates, killed twice: complete, exact, within the limit', async () => {
    const calls: { readonly at: number; readonly weight: number }[] = []
    await using server = await startHistoryServer({
      answer: () => {
        calls.push({ at: performance.now(), weight: 1 })
        const nth = calls.length % 40
        if (nth === 7) return { status: 429, headers: { 'retry-after': '1' }, body: '{"status":{"error_code":429}}' }
        if (nth === 14) return { status: 503, body: '<html>' }
        if (nth === 21) return { after: new Promise(() => {}) }
        if (nth === 28) return { fault: 'truncate', body: '[[1,2,3,4,5],[6,7' }
        return nth === 35 ? { fault: 'drop' } : undefined
      },
    })
    const database = await createDatabase()
    onTestFinished(database.drop)
    const cwd = await temporary('year')
    await writeFile(
      join(cwd, 'qicore.yaml'),
      `sources: { coingecko: { base_url: "${server.url}", plan: pro, api_key: a-key, calls_per_minute: ${LIMIT}, timeout_ms: 3000, retry: { base_ms: 50 } } }\n`,
    )
    const options = { cwd, env: { DATABASE_URL: database.url } }
    const [from, to] = [day(375), day(10)]
    const range = ['--from', formatTime(from * 1e6), '--to', formatTime(to * 1e6)]
    for (const killAt of [60, 140, Number.POSITIVE_INFINITY]) {
      const running = new Running(
        ['backfill', ...COINS, '--timeframe', '1h', '--source', 'coingecko', ...range, '--json'],
        options,
      )
      if (Number.isFinite(killAt)) void server.server.reached(killAt).then(() => running.signal('SIGKILL'))
      const { code, stdout, stderr } = await running.ended
      expect(code, `${stdout.slice(-500)}${stderr}`).toBe(Number.isFinite(killAt) ? null : 0)
    }
    expect(mostInWindow(calls, 60_000)).toBeLessThanOrEqual(LIMIT)
    const store = await openStore({ home: cwd, databaseUrl: database.url })
    onTestFinished(() => store.close())
    for (const coin of COINS) {
      const { rows } = await store.pool.query<{ s: string; close: string }>(
        "select extract(epoch from time)::bigint::text as s, trim_scale(close)::text as close from ohlcv_data where coin_id = $1 and timeframe = '1h' and is_final order by time",
        [coin],
      )
      // The server stamps the end of a candle, the store its open.
      const truth = server.truth(coin, from + 3600, to + 3600).map(([at, price]) => [at - 3600, price.replace(/\.?0+$/, '')])
      expect(rows.map(({ s, close }) => [Number(s), close])).toEqual(truth)
    }
  })
})
