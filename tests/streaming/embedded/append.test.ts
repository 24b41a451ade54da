import pg from 'pg'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Collector, failure, numbered, range, readAll, sortedNumbers, topicFor } from '../../contracts/stream/collector.ts'
import { testDatabase } from '../../support/database.ts'
import { until } from '../../support/until.ts'
import { openLog } from './openLog.ts'

const { url } = await testDatabase()
/** Long enough that the server ends no transaction because this process is slow; only the tests of that want it to. */
const PATIENT = { lock_timeout_ms: 120_000 }

/** A connection of a producer that appends within its own transaction. */
async function producer(): Promise<pg.Client> {
  const client = new pg.Client(url)
  client.on('error', () => {})
  await client.connect()
  onTestFinished(() => client.end().catch(() => {}))
  return client
}

/** Resolves once some session waits for a lock of `holder`. */
async function waitsFor(holder: pg.Client, asker: pg.Client): Promise<void> {
  const { rows } = await holder.query<{ pid: number }>('select pg_backend_pid() as pid')
  await until(async () => {
    const waiting = await asker.query('select from pg_stat_activity where $1 = any(pg_blocking_pids(pid))', [rows[0]?.pid])
    return waiting.rowCount ? true : undefined
  }, 'a producer to wait')
}

describe('two producers, one holding its transaction open', () => {
  test('a reader skips no message and sees them in the order of their offsets', async () => {
    const stream = await openLog(url, PATIENT)
    const topic = await topicFor(stream, 'held', 2)
    const reader = new Collector(stream.read({ topics: [topic], from: 'earliest' }))
    const slow = await producer()
    await slow.query('begin')
    await stream.appendIn(slow, topic, numbered(100))
    const second = stream.append(topic, numbered(100, { from: 100 }))
    await waitsFor(slow, await producer())
    expect(reader.seen).toEqual([])
    await slow.query('commit')
    await second
    await reader.count(200)
    for (const messages of Map.groupBy(reader.seen, ({ partition }) => partition).values()) {
      expect(messages.map(({ offset }) => offset)).toEqual(messages.map((_, i) => BigInt(i)))
      expect(messages.map(({ value }) => Number(value))).toEqual(sortedNumbers(messages.map(({ value }) => value.toString())))
    }
  })

  test('a rollback leaves no gap in the offsets', async () => {
    const stream = await openLog(url, PATIENT)
    const topic = await topicFor(stream, 'rolled-back', 1)
    const slow = await producer()
    await slow.query('begin')
    expect(await stream.appendIn(slow, topic, numbered(50))).toEqual([{ topic, partition: 0, offset: 50n }])
    const second = stream.append(topic, numbered(10))
    await waitsFor(slow, await producer())
    await slow.query('rollback')
    expect(await second).toEqual([{ topic, partition: 0, offset: 10n }])
    expect((await readAll(stream, topic)).map(({ offset }) => offset)).toEqual(range(10).map(BigInt))
  })

  test('the server ends the transaction of one that hangs, and the other continues', async () => {
    const stream = await openLog(url, { lock_timeout_ms: 4000 })
    const topic = await topicFor(stream, 'hung', 1)
    const hung = await producer()
    await hung.query('begin')
    await stream.appendIn(hung, topic, numbered(5))
    expect(await stream.append(topic, numbered(10))).toEqual([{ topic, partition: 0, offset: 10n }])
    expect(await readAll(stream, topic)).toHaveLength(10)
  })

  test('one that is busy for too long makes the append of the other fail with TIMEOUT and the reason', async () => {
    const stream = await openLog(url, { lock_timeout_ms: 2000 })
    const topic = await topicFor(stream, 'busy', 1)
    const busy = await producer()
    await busy.query('begin')
    await stream.appendIn(busy, topic, numbered(1))
    const working = busy.query('select pg_sleep(60)')
    working.catch(() => {})
    const asker = await producer()
    const at = "from pg_stat_activity where query = 'select pg_sleep(60)' and state = 'active' and datname = current_database()"
    await until(async () => (await asker.query(`select ${at}`)).rowCount === 1, 'the other to be busy')
    const error = await failure(stream.append(topic, numbered(1)))
    expect(error).toMatchObject({ code: 'TIMEOUT', retryable: true, message: expect.stringContaining('another producer') })
    // Resolves once the session is gone and its locks are released.
    const { rows } = await asker.query(`select pg_terminate_backend(pid, 60000) as gone ${at}`)
    expect(rows).toEqual([{ gone: true }])
    expect(await stream.append(topic, numbered(1))).toEqual([{ topic, partition: 0, offset: 1n }])
  })
})

describe('a tailing reader', () => {
  test('sees each offset once, in order, while many producers append and some roll back', async () => {
    const clients = await Promise.all(range(3).map(() => openLog(url, PATIENT)))
    const stream = clients[0] as (typeof clients)[number]
    const topic = await topicFor(stream, 'storm', 3)
    const reader = new Collector(stream.read({ topics: [topic], from: 'earliest', maxBytes: 4096 }))
    const transactional = async () => {
      const client = await producer()
      for (let round = 0; round < 20; round++) {
        await client.query('begin')
        await stream.appendIn(client, topic, numbered(15, { keys: 9 }))
        await client.query(round % 3 === 0 ? 'rollback' : 'commit')
      }
    }
    const autocommitted = async (client: (typeof clients)[number]) => {
      for (let round = 0; round < 40; round++) await client.append(topic, numbered(25, { keys: 11 }))
    }
    await Promise.all([transactional(), transactional(), ...clients.map(autocommitted)])
    const total = 3 * 40 * 25 + 2 * 13 * 15
    await reader.count(total)
    for (const messages of Map.groupBy(reader.seen, ({ partition }) => partition).values())
      expect(messages.map(({ offset }) => offset)).toEqual(messages.map((_, i) => BigInt(i)))
    expect(reader.seen).toHaveLength(total)
  })
})

test('an append finds a topic that was deleted and created again', async () => {
  const [one, two] = [await openLog(url), await openLog(url)]
  const topic = await topicFor(one, 'again', 1)
  await one.append(topic, numbered(3))
  await two.deleteTopics([topic])
  expect(await failure(one.append(topic, numbered(1)))).toMatchObject({ code: 'NOT_FOUND' })
  await two.createTopics([topic], { partitions: 1 })
  expect(await one.append(topic, numbered(2))).toEqual([{ topic, partition: 0, offset: 2n }])
})
