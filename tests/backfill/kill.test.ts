import { createHash, randomInt } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openStore, type Store } from '../../lib/src/base/database/index.ts'
import { formatTime, parseTime } from '../../lib/src/base/types/index.ts'
import { simulatedPrices } from '../../lib/src/publishers/sources/simulated/index.ts'
import { failure, qicore, Running, type StartOptions } from '../app/cli/qicore.ts'
import { createDatabase } from '../support/database.ts'
import { type HistoryServer, startHistoryServer } from '../support/historyServer.ts'
import { temporary } from '../support/temporary.ts'

const SECOND = 1_000_000
const ROUNDS = 4

interface Setting {
  readonly store: Store
  readonly options: StartOptions
}

async function setting(yaml: string): Promise<Setting> {
  const database = await createDatabase()
  onTestFinished(database.drop)
  const cwd = await temporary('backfill-kill')
  await writeFile(join(cwd, 'qicore.yaml'), yaml)
  const store = await openStore({ home: cwd, databaseUrl: database.url })
  onTestFinished(() => store.close())
  return { store, options: { cwd, env: { DATABASE_URL: database.url } } }
}

interface WindowEvent {
  readonly event: string
  readonly calls: number
}

const events = (stdout: string): WindowEvent[] =>
  stdout
    .trim()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .flatMap((line) => {
      try {
        return [JSON.parse(line) as WindowEvent]
      } catch {
        return [] // cut off by the kill
      }
    })

/** Runs it to its end, killing it in each of the first rounds. @returns the calls that were reported as settled */
async function killed(
  args: readonly string[],
  options: StartOptions,
  kill: (running: Running) => Promise<void>,
): Promise<number> {
  let settled = 0
  for (let round = 0; ; round++) {
    const running = new Running(['backfill', ...args, '--json'], options)
    if (round < ROUNDS)
      void kill(running).then(
        () => running.signal('SIGKILL'),
        () => {},
      )
    const { code, stdout, stderr } = await running.ended
    settled += events(stdout).filter(({ event }) => event === 'window').length
    if (code === 0) return settled
    expect(code, `${stdout}${stderr}`).toBeNull()
  }
}

const day = (ago: number): number => Math.floor(Date.now() / 86_400_000 - ago) * 86_400

test('killed at random windows, it resumes with the window it was fetching, and ends complete and exact', async () => {
  await using server = await startHistoryServer()
  const { store, options } = await setting(`sources: { coingecko: { base_url: "${server.url}", calls_per_minute: 60000 } }\n`)
  const coins = Array.from({ length: 12 }, (_, i) => `coin-${i}`)
  const [from, to] = [day(360), day(5)]
  const at = (seconds: number) => formatTime(seconds * SECOND)
  let asked = 0
  await killed([...coins, '--from', at(from), '--to', at(to), '--source', 'coingecko'], options, async (running) => {
    // Either while an answer is awaited or stored, or just after a window was settled.
    asked += randomInt(2, 12)
    if (randomInt(2) === 0) await server.server.reached(asked)
    else await running.line(new RegExp(`"event":"window".*"calls":${randomInt(1, 9)},`))
  })
  await expectExact(store, server, coins, from, to)
  const windows = server.windows().map(({ coin, from, to }) => `${coin} ${from} ${to}`)
  const distinct = new Set(windows)
  expect(distinct.size).toBe(coins.length * windowsOf(from, to))
  expect(windows.length - distinct.size).toBeLessThanOrEqual(ROUNDS)
  expect((await qicore(['gaps', '--json'], options)).stdout.trim()).toBe('{"items":[],"more":false}')
})

/** Cut at multiples of 90 days since 1970. */
function windowsOf(from: number, to: number): number {
  const cell = 90 * 86_400
  return Math.ceil(to / cell) - Math.floor(from / cell)
}

async function expectExact(
  store: Store,
  server: HistoryServer,
  coins: readonly string[],
  from: number,
  to: number,
): Promise<void> {
  const { rows } = await store.pool.query<{ coin_id: string; n: number; sum: string }>(
    `select coin_id, count(*)::int as n, md5(string_agg(extract(epoch from time)::bigint || ' ' || trim_scale(price), ',' order by time)) as sum
     from crypto_prices group by coin_id order by coin_id`,
  )
  const expected = coins.toSorted().map((coin) => {
    const truth = server.truth(coin, from, to).map(([s, price]) => `${s} ${price.replace(/\.?0+$/, '')}`)
    return { coin_id: coin, n: truth.length, sum: createHash('md5').update(truth.join(',')).digest('hex') }
  })
  expect(rows).toEqual(expected)
}

test('a long history of the simulated market, killed several times, equals the market', async () => {
  const { store, options } = await setting('sources: { simulated: {} }\n')
  const from = parseTime('2026-01-01T00:00:00Z')
  const to = from + 60_000 * SECOND
  await killed(['bitcoin', 'ethereum', '--from', formatTime(from), '--to', formatTime(to)], options, async (running) => {
    await running.line(new RegExp(`"event":"window".*"calls":${randomInt(1, 4)},`))
  })
  const hash = createHash('md5')
  let n = 0
  for (const coin of ['bitcoin', 'ethereum'])
    for (const { coinId, time, price, marketCap } of simulatedPrices({ from, to, coins: [coin] })) {
      hash.update(`${n++ === 0 ? '' : ','}${coinId} ${time / SECOND} ${price} ${marketCap}`)
    }
  const { rows } = await store.pool.query<{ n: number; sum: string }>(
    `select count(*)::int as n, md5(string_agg(coin_id || ' ' || extract(epoch from time)::bigint || ' ' || trim_scale(price) || ' ' ||
       trim_scale(market_cap), ',' order by coin_id, time)) as sum from crypto_prices`,
  )
  expect(rows[0]).toEqual({ n, sum: hash.digest('hex') })
})

test('Ctrl-C stops after the current window', async () => {
  const { options } = await setting('sources: { simulated: {} }\n')
  const args = ['backfill', 'bitcoin', '--from', '2026-01-01', '--to', '2026-06-01', '--json']
  const running = new Running(args, options)
  await running.line(/"event":"window"/)
  running.signal('SIGINT')
  const end = await running.ended
  expect(end.code).toBe(130)
  expect(failure(end).code).toBe('CANCELLED')
})
