import { expect, test } from 'vitest'
import type { Coverage } from '../../lib/src/base/database/index.ts'
import { MANUAL, nowMicros, price, silentLogger } from '../../lib/src/base/types/index.ts'
import { handIn } from '../../lib/src/streaming/platform/handIn/handIn.ts'
import { tooled } from '../mcp-tools/consumer/tooled.ts'

const tools = tooled()
const record = (coinId: string) => {
  const now = nowMicros()
  return price.fromWire({
    ...price.toWire({ coinId, source: MANUAL, origin: MANUAL, currency: 'usd', time: now, receivedAt: now, price: '1' as never }),
  })
}
/** A platform runs elsewhere, and stores nothing. */
const elsewhere = { platformRuns: async () => true } as unknown as Coverage

test('without a consumer it returns after ten seconds: in the stream, not stored yet', async () => {
  const { store, stream, deadLetters, config } = tools().platform
  const platform = { store, stream, deadLetters, coverage: elsewhere, config }
  const consume = () => expect.fail('another process is to store it')
  const started = performance.now()
  expect(await handIn({ platform, logger: silentLogger, consume }, price, [record('waiting')])).toEqual({
    stored: false,
    overwritten: 0,
    refused: [],
  })
  expect(performance.now() - started).toBeGreaterThan(9_900)
  const stop = new AbortController()
  const given = handIn({ platform, logger: silentLogger, consume }, price, [record('cancelled')], { signal: stop.signal })
  stop.abort()
  await expect(given).rejects.toMatchObject({ code: 'CANCELLED' })
  // It is durable all the same, and stored once somebody consumes.
  await tools().platform.handIn(price, [record('later')])
  const { rows } = await store.pool.query("select coin_id from crypto_prices where source = 'manual' order by 1")
  expect(rows.map(({ coin_id }) => coin_id)).toEqual(expect.arrayContaining(['later', 'waiting']))
})

test('it does not wait if no configured consumer stores the type', async () => {
  const { store, stream, deadLetters, coverage } = tools().platform
  const platform = { store, stream, deadLetters, coverage, config: { consumers: [] } }
  const answer = await handIn({ platform, logger: silentLogger, consume: () => {} }, price, [record('nobody')])
  expect(answer).toMatchObject({ stored: false })
})
