import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { findRunning } from '../../lib/src/base/database/embedded/postmaster.ts'
import { openStore, price, type QiError } from '../../lib/src/base/index.ts'
import { temporary } from '../support/temporary.ts'
import { aPrice, MONDAY } from './records.ts'

const BATCHES = 60
const ROWS = 1000

it('kill -9 of the server in the middle of upserts loses no acknowledged row, and doubles none', {
  timeout: 120_000,
}, async () => {
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
        expect(await store.timescale.upsert(price, batch(n))).toEqual({ written: ROWS, failed: [] })
        return
      } catch (error) {
        if (!(error as QiError).retryable) throw error
        refused++
      }
    }
  }
  const lane = async (first: number) => {
    for (let n = first; n < BATCHES; n += 2) {
      if (n === 10 || n === 31) {
        const running = await findRunning(dataFolder)
        const write = put(n) // under way when the server dies
        if (running) process.kill(running.pid, 'SIGKILL')
        kills++
        await write
      } else await put(n)
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
