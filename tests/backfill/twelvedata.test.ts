import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openStore } from '../../lib/src/base/database/index.ts'
import { formatTime, parseTime } from '../../lib/src/base/types/index.ts'
import { qicore, Running } from '../app/cli/qicore.ts'
import { KEY, twelveData } from '../publishers/twelvedata/server.ts'
import { createDatabase } from '../support/database.ts'
import { temporary } from '../support/temporary.ts'

const SYMBOLS = Array.from({ length: 20 }, (_, i) => `T${i}`)
const [FROM, TO] = [parseTime('2024-10-01T00:00:00Z'), parseTime('2025-10-01T00:00:00Z')]

test('a year of hourly bars of 20 symbols from a server that limits, fails and truncates, killed twice: complete and exact', {
  timeout: 180_000,
}, async () => {
  const server = await twelveData({
    answer: (_, nth) => {
      if (nth % 15 === 4)
        return { headers: { 'retry-after': '1' }, body: '{"code":429,"message":"for the current minute","status":"error"}' }
      if (nth % 15 === 8) return { status: 503, body: '<html>' }
      return nth % 15 === 12 ? { body: `{"meta":{},"values":[${'1,'.repeat(500)}`, truncate: true } : undefined
    },
  })
  const database = await createDatabase()
  onTestFinished(database.drop)
  const cwd = await temporary('twelvedata-year')
  const settings = `base_url: "${server.url}", api_key: ${KEY}, credits_per_minute: 6000, credits_per_day: 100000, retry: { base_ms: 20 }`
  await writeFile(join(cwd, 'qicore.yaml'), `sources: { twelvedata: { ${settings} } }\n`)
  const options = { cwd, env: { DATABASE_URL: database.url } }
  const coins = SYMBOLS.map((symbol) => `${symbol}:XNAS`)
  const range = ['--from', formatTime(FROM), '--to', formatTime(TO)]
  const printed: string[] = []
  for (const more of [12, 14, undefined]) {
    const running = new Running(
      ['backfill', ...coins, '--timeframe', '1h', '--source', 'twelvedata', ...range, '--json'],
      options,
    )
    if (more !== undefined) void server.reached(server.asked.length + more).then(() => running.signal('SIGKILL'))
    const { code, stdout, stderr } = await running.ended
    printed.push(stdout, stderr)
    expect(code, `${stdout.slice(-500)}${stderr}`).toBe(more === undefined ? 0 : null)
  }
  const store = await openStore({ home: cwd, databaseUrl: database.url })
  onTestFinished(() => store.close())
  const { rows } = await store.pool.query<{ coin_id: string; bars: readonly string[] }>(
    `select coin_id, array_agg(extract(epoch from time)::bigint || ' ' || close order by time) as bars
     from ohlcv_data where timeframe = '1h' and is_final and source = 'twelvedata' and currency = 'USD' group by coin_id`,
  )
  expect(rows).toHaveLength(20)
  for (const { coin_id, bars } of rows) {
    const truth = server.truth(coin_id.replace(':XNAS', ''), FROM, TO)
    expect(truth.length).toBeGreaterThan(1700)
    expect(bars).toEqual(truth.map(([time, close]) => `${time / 1e6} ${close}`))
  }
  // Its calendar is known: nights, weekends and holidays are no gaps.
  const gaps = await qicore(['gaps', '--json'], options)
  expect(gaps.stdout.trim()).toBe('{"items":[],"more":false}')
  expect([...printed, JSON.stringify(gaps)].join('\n')).not.toContain(KEY)
})
