import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  formatTime,
  instrument,
  nowMicros,
  ohlcv,
  price,
  type RecordType,
  type RowSink,
  trending,
} from '../../../lib/src/base/types/index.ts'
import { sinkSuite } from '../../contracts/sinkSuite.ts'
import { aBar, aPrice, MINUTE, MONDAY } from '../../database/records.ts'
import { type RedisClient, type RedisServer, startRedis } from '../../support/redis.ts'
import { describeWith } from '../../support/services.ts'
import { until } from '../../support/until.ts'
import { batchOf, keptBy, openRedis, write } from './open.ts'

const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

describeWith('redis', 'the destination redis', () => {
  let server: RedisServer
  let client: RedisClient
  beforeAll(async () => {
    server = await startRedis()
    client = await server.client()
  })
  afterAll(() => server.stop())
  let destinations = 0
  /** Keys of its own, and a sink that writes them. */
  const fresh = async (settings: Readonly<Record<string, unknown>> = {}) => {
    const prefix = `p${++destinations}`
    return { prefix, sink: await openRedis({ url: server.url, prefix, ...settings }) }
  }

  let suitePrefix = ''
  sinkSuite('redis', {
    open: async () => {
      const { prefix, sink } = await fresh()
      suitePrefix = prefix
      return sink
    },
    prices: async () => [...(await keptBy(client, `${suitePrefix}:price:*`)).values()].map((record) => JSON.stringify(record)),
  })

  test('the bytes of a record are kept, with all its digits and fields of later versions', async () => {
    const { prefix, sink } = await fresh()
    const figure = `${'1'.repeat(40)}.${'2'.repeat(39)}3`
    const value = `{ "later": "größe", ${JSON.stringify(price.toWire(aPrice({ price: figure }))).slice(1)}`
    await sink.writeEncoded?.(price as unknown as RecordType, [batchOf(price, [value])])
    expect(await client.hGet(`${prefix}:price:coingecko:bitcoin:usd`, 'd')).toBe(value)
    await sink.close()
  })

  test('names with colons, braces and per cent signs have keys of their own', async () => {
    const { prefix, sink } = await fresh()
    const coins = ['BTC/USDT:USDT', 'BTC/USDT%3AUSDT', '{BTC}', 'größe']
    await write(sink, price, [
      ...coins.map((coinId) => aPrice({ coinId })),
      aPrice({ coinId: 'a:b', currency: 'c' }),
      aPrice({ coinId: 'a', currency: 'b:c' }),
    ])
    const kept = await keptBy(client, `${prefix}:*`)
    expect([...kept].map(([key, record]) => [key, record.coin_id]).sort()).toEqual(
      [
        [`${prefix}:price:coingecko:BTC/USDT%3AUSDT:usd`, 'BTC/USDT:USDT'],
        [`${prefix}:price:coingecko:BTC/USDT%253AUSDT:usd`, 'BTC/USDT%3AUSDT'],
        [`${prefix}:price:coingecko:%7BBTC%7D:usd`, '{BTC}'],
        [`${prefix}:price:coingecko:größe:usd`, 'größe'],
        [`${prefix}:price:coingecko:a%3Ab:c`, 'a:b'],
        [`${prefix}:price:coingecko:a:b%3Ac`, 'a'],
      ].sort(),
    )
    await sink.close()
  })

  test('ranks of a list, timeframes and kinds of instruments have keys of their own', async () => {
    const { prefix, sink } = await fresh()
    const common = { source: 's', coinId: 'x', time: MONDAY, receivedAt: MONDAY, origin: 'live' } as const
    await write(
      sink,
      trending,
      [1, 2].map((rank) => ({ ...common, rank })),
    )
    await write(
      sink,
      ohlcv,
      (['1m', '1h'] as const).map((timeframe) => aBar({ timeframe })),
    )
    const listed = { ...common, symbol: 'X', name: 'X', active: true }
    await write(sink, instrument, [
      { ...listed, kind: 'currency' },
      { ...listed, kind: 'exchange', receivedAt: MONDAY + 1, time: MONDAY - DAY },
      { ...listed, kind: 'exchange' },
    ])
    expect([...(await keptBy(client, `${prefix}:*`)).keys()].sort()).toEqual([
      `${prefix}:instrument:s:x:currency`,
      `${prefix}:instrument:s:x:exchange`,
      `${prefix}:ohlcv:coingecko:bitcoin:usd:1h`,
      `${prefix}:ohlcv:coingecko:bitcoin:usd:1m`,
      `${prefix}:trending:s:1`,
      `${prefix}:trending:s:2`,
    ])
    const [latest] = (await keptBy(client, `${prefix}:instrument:s:x:exchange`)).values()
    expect(latest?.received_at).toBe(formatTime(MONDAY + 1))
    await sink.close()
  })

  test('invalid records and records of the future are failures of their own', async () => {
    const { sink } = await fresh()
    const good = price.encode(aPrice())
    const values = ['no record', good, good.replace('65000.5', '1e3'), price.encode(aPrice({ time: nowMicros() + HOUR })), '{}']
    const result = await sink.writeEncoded?.(price as unknown as RecordType, [
      batchOf(price, values.slice(0, 2)),
      batchOf(price, values.slice(2)),
    ])
    expect(result).toMatchObject({
      written: 1,
      failed: [0, 2, 3, 4].map((index) => ({ index, error: { code: 'BAD_DATA', retryable: false } })),
    })
    await sink.close()
  })

  test('a key with a value of another type fails only its own series', async () => {
    const { prefix, sink } = await fresh()
    await client.set(`${prefix}:price:coingecko:taken:usd`, 'of somebody else')
    const result = await write(
      sink,
      price,
      ['one', 'taken', 'two'].map((coinId) => aPrice({ coinId })),
    )
    expect(result).toMatchObject({ written: 2, overwritten: 0 })
    expect(result.failed).toMatchObject([
      { index: 1, error: { code: 'BAD_DATA', message: expect.stringContaining('choose another prefix') } },
    ])
    expect(await client.get(`${prefix}:price:coingecko:taken:usd`)).toBe('of somebody else')
    await sink.close()
  })

  describe('the time to live', () => {
    test('runs from the time of the record, of a bar from its end', async () => {
      const { prefix, sink } = await fresh({ ttl: '24h' })
      const time = Math.floor(nowMicros() / MINUTE) * MINUTE
      await write(sink, price, [aPrice({ time, receivedAt: time })])
      await write(sink, ohlcv, [aBar({ time: time - 7 * DAY, receivedAt: time, timeframe: '1w', isFinal: false })])
      expect(await client.pExpireTime(`${prefix}:price:coingecko:bitcoin:usd`)).toBe((time + DAY) / 1000)
      expect(await client.pExpireTime(`${prefix}:ohlcv:coingecko:bitcoin:usd:1w`)).toBe((time + DAY) / 1000)
      await sink.close()
    })

    test('an old record that is delivered again does not come back once the newer one has expired', async () => {
      const { prefix, sink } = await fresh({ ttl: '24h' })
      const key = `${prefix}:price:coingecko:bitcoin:usd`
      const now = nowMicros()
      // The newer one expires soon.
      const newer = now - DAY + 3_000_000
      const older = aPrice({ time: newer - 1, receivedAt: now, price: '1' })
      expect(await write(sink, price, [aPrice({ time: newer, receivedAt: now, price: '2' })])).toMatchObject({ written: 1 })
      await write(sink, price, [older])
      expect(JSON.parse((await client.hGet(key, 'd')) ?? '{}')).toMatchObject({ price: '2' })
      await until(async () => (await client.exists(key)) === 0, 'the newer one to expire')
      expect(await write(sink, price, [older])).toMatchObject({ written: 0, overwritten: 1, failed: [] })
      expect(await client.exists(key)).toBe(0)
      expect(await sink.check()).toMatchObject({ ok: true, details: { left_out_as_too_old: 1 } })
      await sink.close()
    })

    test('backfilled history is left out, and changes nothing', async () => {
      const { prefix, sink } = await fresh({ ttl: '24h' })
      const now = nowMicros()
      await write(sink, price, [aPrice({ time: now, receivedAt: now, price: '2' })])
      const past = Array.from({ length: 50 }, (_, day) =>
        aPrice({ time: now - (day + 2) * DAY, receivedAt: now + 1, coinId: day % 2 ? 'bitcoin' : 'dash' }),
      )
      expect(await write(sink, price, past)).toMatchObject({ written: 0, failed: [] })
      expect([...(await keptBy(client, `${prefix}:*`)).values()]).toMatchObject([{ price: '2' }])
      await sink.close()
    })
  })

  describe('readers are notified', () => {
    const versions = [1, 2, 3].map((second) => aPrice({ time: MONDAY + second * 1_000_000, price: `${second}` }))
    const [first, second, third] = versions as [(typeof versions)[0], (typeof versions)[0], (typeof versions)[0]]
    /** Each in a write of its own. Older records and repeats notify nobody. */
    const writeAll = async (sink: RowSink) => {
      for (const one of [second, first, second, third, third]) await write(sink, price, [one])
    }

    test('by pub/sub, on the channel with the name of the key, of each new latest record', async () => {
      const { prefix, sink } = await fresh({ notify: 'pubsub' })
      const reader = await server.client()
      const heard: [string, string][] = []
      await reader.pSubscribe(`${prefix}:price:*`, (message, channel) =>
        heard.push([channel, (JSON.parse(message) as { price: string }).price]),
      )
      await writeAll(sink)
      await until(() => heard.length === 2, 'both')
      // After this message no other one is on its way.
      await client.publish(`${prefix}:price:end`, '{"price":"end"}')
      await until(() => heard.at(-1)?.[1] === 'end', 'the end')
      const key = `${prefix}:price:coingecko:bitcoin:usd`
      expect(heard.slice(0, -1)).toEqual([
        [key, '2'],
        [key, '3'],
      ])
      await sink.close()
    })

    test('by a stream, which keeps about stream_length entries', async () => {
      const { prefix, sink } = await fresh({ notify: 'stream', stream_length: 100 })
      await writeAll(sink)
      const stream = `${prefix}:price:stream`
      const entries = await client.xRange(stream, '-', '+')
      expect(entries?.map(({ message }) => [message.key, (JSON.parse(message.d as string) as { price: string }).price])).toEqual(
        ['2', '3'].map((figure) => [`${prefix}:price:coingecko:bitcoin:usd`, figure]),
      )
      await write(
        sink,
        price,
        Array.from({ length: 2000 }, (_, i) => aPrice({ coinId: `coin-${i}` })),
      )
      expect(await client.xLen(stream)).toBeLessThan(400)
      await sink.close()
    })
  })

  test('thousands of series are written in several scripts, between which other clients run', async () => {
    const { prefix, sink } = await fresh()
    const records = Array.from({ length: 3000 }, (_, i) => aPrice({ coinId: `coin-${i}` }))
    expect(await write(sink, price, [...records, ...records])).toMatchObject({ written: 3000, overwritten: 3000, failed: [] })
    expect((await keptBy(client, `${prefix}:*`)).size).toBe(3000)
    await sink.close()
  })

  test('the script is sent again after the server has lost it', async () => {
    const { sink } = await fresh()
    await write(sink, price, [aPrice()])
    await client.scriptFlush()
    expect(await write(sink, price, [aPrice({ price: '1', receivedAt: MONDAY + 1 })])).toMatchObject({
      written: 0,
      overwritten: 1,
    })
    await sink.close()
  })
})
