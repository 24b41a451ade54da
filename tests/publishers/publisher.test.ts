import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  decimal,
  type Price,
  PUBLISHER_CHANNEL,
  type PublisherEvent,
  price,
  QiError,
  type RecordBatch,
  silentLogger,
  trade,
} from '../../lib/src/base/types/index.ts'
import { CryptoDataPublisher, type PublisherOptions } from '../../lib/src/publishers/index.ts'
import { MemoryStream } from '../support/memoryStream.ts'
import { SHRINKS } from '../support/shrinks.ts'
import { VirtualClock } from '../support/virtualClock.ts'
import { QueueSource } from './queueSource.ts'

const priceOf = (coinId: string, n: number): Price => ({
  coinId,
  source: 'queue',
  time: 1_767_225_600_000_000 + n * 1_000_000,
  receivedAt: 1_767_225_600_500_000 + n * 1_000_000,
  origin: 'live',
  currency: 'usd',
  price: decimal(`${n}.5`),
})
const prices = (...records: Price[]): RecordBatch => ({ type: price, records })
const range = (from: number, count: number): Price[] =>
  Array.from({ length: count }, (_, i) => priceOf(`coin${(from + i) % 7}`, from + i))

function publisherOf(options: PublisherOptions = {}) {
  const source = new QueueSource()
  const stream = new MemoryStream()
  const clock = new VirtualClock()
  const publisher = new CryptoDataPublisher({ source, stream, logger: silentLogger, options: { clock, ...options } })
  return { source, stream, clock, publisher }
}

const turn = () => new Promise(setImmediate)
const forAppends = async (stream: MemoryStream, count: number) => {
  while (stream.appends.length < count) await turn()
}
const unavailable = () => new QiError('UNAVAILABLE', 'the broker is down')
const times = (stream: MemoryStream, key: string) =>
  stream
    .texts('crypto-prices')
    .filter((message) => message.key === key)
    .map(({ text }) => price.decode(Buffer.from(text)).time)

test('source → check → key → encode → append by topic; topics are created', async () => {
  const { source, stream, publisher, clock } = publisherOf()
  source.push(prices(priceOf('bitcoin', 1), priceOf('ethereum', 2)))
  source.push({ type: trade, records: [{ ...priceOf('bitcoin', 3), tradeId: '9', side: 'buy', amount: decimal('2') }] }).end()
  await clock.run(publisher.run())
  const sent = stream.texts('crypto-prices')
  expect(sent.map(({ key }) => key).sort()).toEqual(['queue:bitcoin', 'queue:ethereum'])
  expect(price.decode(Buffer.from(sent.find(({ key }) => key === 'queue:bitcoin')?.text ?? ''))).toEqual(priceOf('bitcoin', 1))
  expect(stream.texts('crypto-trades')).toHaveLength(1)
  expect(publisher.stats()).toMatchObject({
    state: 'closed',
    received: 3,
    published: 3,
    invalid: 0,
    inFlight: 0,
    lastRecordTime: priceOf('x', 3).time,
  })
  expect(publisher.stats().bytes).toBe(
    [...sent, ...stream.texts('crypto-trades')].reduce((sum, { text }) => sum + text.length, 0),
  )
})

test('invalid records and rejected parts become dead letters with their reasons; their neighbours do not', async () => {
  const { source, stream, publisher, clock } = publisherOf()
  const bad = { ...priceOf('bitcoin', 2), price: 'abc' } as unknown as Price
  const timeless = { ...priceOf('bitcoin', 3), time: Number.NaN }
  source.push(prices(priceOf('bitcoin', 1), bad, timeless, priceOf('bitcoin', 4)))
  source.push({ type: price, records: [], rejected: [{ reason: 'line 7: too short', original: 'a,b' }] }).end()
  await clock.run(publisher.run())
  expect(stream.texts('crypto-prices')).toHaveLength(2)
  const letters = stream.texts('crypto-prices.dlq')
  expect(letters.map(({ headers }) => headers)).toEqual([
    expect.objectContaining({
      stage: 'publish',
      topic: 'crypto-prices',
      source: 'queue',
      attempts: '1',
      reason: expect.stringContaining('price "abc"'),
    }),
    expect.objectContaining({ reason: 'price: time: NaN is not a time in integer microseconds since 1970' }),
    expect.objectContaining({ reason: 'line 7: too short' }),
  ])
  expect(letters.map(({ key }) => key)).toEqual(['queue:bitcoin', 'queue:bitcoin', null])
  expect(JSON.parse(letters[0]?.text ?? '')).toMatchObject({ coin_id: 'bitcoin', price: 'abc' })
  expect(letters[2]?.text).toBe('a,b')
  expect(publisher.stats()).toMatchObject({ published: 2, invalid: 3, inFlight: 0 })
})

test('a retryable append is retried; meanwhile the state is degraded, and pulling stops at the limit', async () => {
  const { source, stream, publisher, clock } = publisherOf({ maxInFlight: 10, maxBatchRecords: 4 })
  let fails = 3
  const degraded: string[] = []
  stream.before = () => {
    if (fails-- <= 0) return
    degraded.push(publisher.stats().state)
    throw unavailable()
  }
  for (let i = 0; i < 20; i++) source.push(prices(...range(i * 5, 5)))
  source.end()
  let most = 0
  const watched = stream.append.bind(stream)
  stream.append = (...parts) => {
    most = Math.max(most, publisher.stats().inFlight)
    return watched(...parts)
  }
  await clock.run(publisher.run())
  expect(degraded).toEqual(['running', 'degraded', 'degraded'])
  expect(most).toBeLessThanOrEqual(14)
  expect(publisher.stats()).toMatchObject({
    state: 'closed',
    published: 100,
    retried: 3,
    lastError: { code: 'UNAVAILABLE', message: 'the broker is down' },
  })
  expect(clock.now()).toBeGreaterThan(100)
})

test('the order of each key is kept through batching and retries', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 20 }),
      fc.array(fc.boolean(), { maxLength: 20 }),
      fc.integer({ min: 1, max: 25 }),
      async (sizes, failing, maxBatchRecords) => {
        const { source, stream, publisher, clock } = publisherOf({ maxBatchRecords, maxInFlight: 40 })
        const failures = [...failing]
        stream.before = () => {
          if (failures.shift()) throw unavailable()
        }
        let n = 0
        for (const size of sizes) {
          source.push(prices(...range(n, size)))
          n += size
        }
        source.end()
        await clock.run(publisher.run())
        expect(publisher.stats().published).toBe(n)
        for (let coin = 0; coin < 7; coin++) {
          const seen = times(stream, `queue:coin${coin}`)
          expect(seen).toEqual(
            range(0, n)
              .filter((record) => record.coinId === `coin${coin}`)
              .map((record) => record.time),
          )
        }
        for (const { messages } of stream.appends) expect(messages.length).toBeLessThanOrEqual(maxBatchRecords)
      },
    ),
    { ...SHRINKS, numRuns: 40 },
  )
})

test('an idle batcher sends the records of one turn at once; after a batch that took 3 ms a small one waits for 3 ms, a full one does not', async () => {
  const { source, stream, publisher, clock } = publisherOf({ maxBatchRecords: 4 })
  const begun: [at: number, records: number][] = []
  stream.before = (_topic, messages) => {
    begun.push([clock.now(), messages.length])
    return clock.sleep(3)
  }
  const running = publisher.run()
  const received = async (count: number) => {
    while (publisher.stats().received < count) await turn()
  }
  source.push(prices(...range(0, 1)), prices(...range(1, 1)))
  while (begun.length < 1) await turn()
  expect(begun).toEqual([[0, 2]])
  source.push(prices(...range(2, 1)))
  await received(3)
  await clock.run(forAppends(stream, 1))
  source.push(prices(...range(3, 1)))
  await received(4)
  await clock.run(forAppends(stream, 2))
  expect(begun).toEqual([
    [0, 2],
    [6, 2],
  ])
  source.push(prices(...range(4, 4)))
  await received(8)
  await clock.run(forAppends(stream, 3))
  expect(begun.at(-1)).toEqual([9, 4])
  source.end()
  await clock.run(running)
})

test('batches are cut by bytes', async () => {
  const { source, stream, publisher, clock } = publisherOf({ maxBatchBytes: 500 })
  source.push(prices(...range(0, 10))).end()
  await clock.run(publisher.run())
  for (const { messages } of stream.appends)
    expect(messages.reduce((sum, { value }) => sum + value.length, 0)).toBeLessThanOrEqual(500)
  expect(publisher.stats().published).toBe(10)
})

test.each(['close', 'abort'])('%s appends what was pulled, ends the pending pull and closes the source', async (how) => {
  const { source, stream, publisher, clock } = publisherOf()
  stream.before = () => (stream.appends.length === 0 ? clock.sleep(4) : undefined)
  const abort = new AbortController()
  const running = publisher.run(abort.signal)
  source.push(prices(...range(0, 1)))
  await clock.run(forAppends(stream, 1))
  source.push(prices(...range(1, 2)))
  while (publisher.stats().received < 3) await turn()
  if (how === 'close') await publisher.close()
  else abort.abort()
  await running
  expect(stream.texts('crypto-prices')).toHaveLength(3)
  expect(source.closed).toBeGreaterThan(0)
  expect(publisher.stats().state).toBe('closed')
  expect(clock.now()).toBe(4)
  await publisher.close()
})

test('closed while the stream is down: reports the number of lost records after the drain time', async () => {
  const { source, stream, publisher, clock } = publisherOf({ drainTimeoutMs: 3000 })
  stream.before = () => {
    throw unavailable()
  }
  source.push(prices(...range(0, 3)))
  const running = publisher.run()
  running.catch(() => {})
  while (publisher.stats().received < 3) await turn()
  const message = '3 records of queue are lost: the stream did not take them within 3000 ms of the stop (the broker is down)'
  await expect(clock.run(publisher.close())).rejects.toThrow(message)
  await expect(running).rejects.toThrow(message)
  expect(publisher.stats().state).toBe('failed')
})

test('an append that never settles does not hold up close()', async () => {
  const { source, stream, publisher, clock } = publisherOf()
  stream.before = () => new Promise(() => {})
  source.push(prices(...range(0, 2)))
  const running = publisher.run()
  running.catch(() => {})
  while (publisher.stats().received < 2) await turn()
  await expect(clock.run(publisher.close())).rejects.toThrow('2 records of queue are lost')
})

test('a failure of the source is thrown, after its records are appended', async () => {
  const { source, stream, publisher, clock } = publisherOf()
  source.push(prices(...range(0, 3))).end(new QiError('UNAUTHORIZED', 'the key is refused'))
  await expect(clock.run(publisher.run())).rejects.toThrow('the key is refused')
  expect(stream.texts('crypto-prices')).toHaveLength(3)
  expect(publisher.stats()).toMatchObject({ state: 'failed', lastError: { code: 'UNAUTHORIZED' } })
  await publisher.close()
  await expect(publisher.run()).rejects.toThrow('it runs once; make a new one')
})

test('an append that fails for good is thrown', async () => {
  const { source, stream, publisher, clock } = publisherOf()
  stream.before = () => {
    throw new QiError('BAD_REQUEST', 'the message is too large')
  }
  source.push(prices(...range(0, 3)))
  await expect(clock.run(publisher.run())).rejects.toThrow('the message is too large')
  expect(source.closed).toBeGreaterThan(0)
})

test('closed before it ran', async () => {
  const { source, publisher } = publisherOf()
  await publisher.close()
  expect(source.closed).toBe(1)
  await expect(publisher.run()).rejects.toThrow(QiError)
})

test('the diagnostics channel has appends, retries, dead letters and states', async () => {
  const { source, stream, publisher, clock } = publisherOf()
  const events: PublisherEvent[] = []
  const appended = Promise.withResolvers<void>()
  const listen = (event: unknown) => {
    events.push(event as PublisherEvent)
    if ((event as PublisherEvent).type === 'appended') appended.resolve()
  }
  subscribe(PUBLISHER_CHANNEL, listen)
  try {
    let failed = false
    stream.before = () => {
      if (failed) return
      failed = true
      throw unavailable()
    }
    source.push(prices(...range(0, 3)))
    const running = publisher.run()
    await clock.run(appended.promise)
    source.push({ type: price, records: [], rejected: [{ reason: 'r', original: 'o' }] }).end()
    await clock.run(running)
  } finally {
    unsubscribe(PUBLISHER_CHANNEL, listen)
  }
  expect(events.map((event) => (event.type === 'state' ? event.state : event.type))).toEqual([
    'running',
    'retry',
    'degraded',
    'running',
    'appended',
    'draining',
    'dead-lettered',
    'closed',
  ])
  expect(events.every((event) => event.source === 'queue')).toBe(true)
})
