import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import pg from 'pg'
import { expect, it, onTestFinished } from 'vitest'
import { withFileLock } from '../../lib/src/base/database/embedded/home/lock.ts'
import { lockFileOf } from '../../lib/src/base/database/embedded/home/placement.ts'
import { findRunning } from '../../lib/src/base/database/embedded/server/postmaster.ts'
import { openStore } from '../../lib/src/base/database/index.ts'
import { price, type QiError } from '../../lib/src/base/types/index.ts'
import { kill9Postgres } from '../support/kill9.ts'
import { temporary } from '../support/temporary.ts'
import { until } from '../support/until.ts'
import { aPrice, MONDAY } from './records.ts'

const BATCHES = 60
const ROWS = 1000

it('kill -9 of the server in the middle of upserts loses no acknowledged row, and doubles none', async () => {
  const store = await openStore({ home: join(await temporary('home'), '.qicore') })
  onTestFinished(() => store.close())
  const dataFolder = store.embedded?.dataFolder as string
  const batch = (n: number) =>
    Array.from({ length: ROWS }, (_, i) =>
      aPrice({ coinId: `coin-${i % 10}`, time: MONDAY + n * ROWS + i, price: `${n}.${i + 1}` }),
    )

  let refused = 0
  let kills = 0
  /** Repeats what is retryable, as a consumer does, until it is acknowledged. */
  const put = async (n: number): Promise<void> => {
    for (;;) {
      try {
        const { written, overwritten = 0, failed } = await store.timescale.upsert(price, batch(n))
        // Those of a try whose answer was lost were there already.
        expect([written + overwritten, failed]).toEqual([ROWS, []])
        return
      } catch (error) {
        if (!(error as QiError).retryable) throw error
        refused++
      }
    }
  }
  /** Kills the server while it is at a write: one that waits for a lock of ours. */
  const killDuring = async (write: () => Promise<void>): Promise<void> => {
    const client = await until(async () => {
      const made = new pg.Client(store.url)
      made.on('error', () => {}) // it ends with the server
      await made.connect()
      return made
    }, 'a connection')
    await client.query('begin; lock table crypto_prices_rows in share mode')
    const written = write()
    const waits =
      "select from pg_locks where relation = 'crypto_prices_rows'::regclass and mode = 'RowExclusiveLock' and not granted"
    await until(async () => ((await client.query(waits)).rowCount ?? 0) > 0, 'the write to wait')
    await kill9Postgres(dataFolder)
    kills++
    await written
  }
  const lane = async (first: number) => {
    for (let n = first; n < BATCHES; n += 2) {
      if (n === 10 || n === 30) await killDuring(() => put(n))
      else await put(n)
    }
  }
  await Promise.all([lane(0), lane(1)])

  expect(kills).toBe(2)
  expect(refused).toBeGreaterThan(0)
  const { rows } = await store.pool.query('select count(*)::int as n, sum(price)::text as sum from crypto_prices')
  const expected = Array.from({ length: BATCHES }, (_, n) => batch(n))
    .flat()
    .map((row) => BigInt(Math.round(Number(row.price) * 10_000)))
  expect(rows[0]).toEqual({ n: BATCHES * ROWS, sum: expect.any(String) })
  expect(BigInt(Math.round(Number(rows[0].sum) * 10_000))).toBe(expected.reduce((a, b) => a + b, 0n))
  expect((await store.dsl.getLatestPrices({ limit: 1 })).items).toHaveLength(1)
})

it('a server that finds its port taken comes back on another, and every pool of the store follows it', async () => {
  const home = join(await temporary('home'), '.qicore')
  const store = await openStore({ home })
  onTestFinished(() => store.close())
  const before = new URL(store.url)
  const other = createServer()
  onTestFinished(() => void other.close())
  // The repair waits for the lock.
  await withFileLock(lockFileOf(home), async () => {
    const running = await findRunning(store.embedded?.dataFolder as string)
    process.kill(running?.pid as number, 'SIGKILL')
    await until(async () => {
      other.listen({ port: Number(before.port), host: '127.0.0.1' })
      await once(other, 'listening')
      return true
    }, 'its port to be free')
  })
  await until(() => new URL(store.url).port !== before.port, 'the server to be back')
  const { rows } = await until(() => store.pool.query('select 42 as answer'), 'the pool to reach it')
  expect(rows).toEqual([{ answer: 42 }])
})
