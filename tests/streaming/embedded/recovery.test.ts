import { expect, onTestFinished, test } from 'vitest'
import { QiError } from '../../../lib/src/base/types/index.ts'
import { balanced, Collector, Member, numbered, range, readAll, sortedNumbers } from '../../contracts/stream/collector.ts'
import { kill9Postgres } from '../../support/kill9.ts'
import { until } from '../../support/until.ts'
import { openLog, ownServer, unique } from './openLog.ts'

const own = ownServer()

async function killServer(): Promise<void> {
  await kill9Postgres(own.server.dataFolder)
  await own.server.ensureRunning()
}

test('killing PostgreSQL during appends and reads loses no acknowledged message', async () => {
  const stream = await openLog(() => own.server.url)
  const topic = unique('crash')
  await stream.createTopics([topic], { partitions: 3 })
  const group = unique('crash')
  const member = await Member.join(stream, { group, topics: [topic] })
  const abort = new AbortController()
  onTestFinished(() => abort.abort())
  const tail = new Collector(stream.read({ topics: [topic], from: 'earliest', signal: abort.signal }))

  let repeated = 0
  const append = async (round: number): Promise<void> => {
    for (;;) {
      try {
        await stream.append(topic, numbered(100, { keys: 30, from: round * 100 }))
        return
      } catch (error) {
        if (!(error instanceof QiError) || !error.retryable) throw error
        repeated++
      }
    }
  }
  const rounds = range(300)
  let killed: Promise<void> | undefined
  for (const round of rounds) {
    await append(round)
    if (round === 100) killed = killServer()
  }
  await killed
  await killServer()
  await balanced([member], 3)
  await append(300)

  const wanted = range(30_100)
  const all = (values: readonly string[]) => new Set(values).size === wanted.length
  await member.until((seen) => all(seen.map(({ value }) => value.toString())), 'everything in the group')
  await tail.until((seen) => all(seen.map(({ value }) => value.toString())), 'everything in the tail')
  const held = await readAll(stream, topic)
  // An append whose answer was lost may be stored twice; the second copy can be at the very end.
  await Promise.all([tail.count(held.length), member.count(held.length)])
  expect([...new Set(sortedNumbers(held.map(({ value }) => value.toString())))]).toEqual(wanted)
  // Only an append whose answer was lost may be stored twice, and no message is delivered again.
  expect(held.length - wanted.length).toBeLessThanOrEqual(repeated * 100)
  expect(tail.seen).toHaveLength(held.length)
  expect(member.seen).toHaveLength(held.length)
})

test('a pause ends even if the server is down when it is resumed', async () => {
  const stream = await openLog(() => own.server.url)
  const topic = unique('paused')
  await stream.createTopics([topic], { partitions: 2 })
  const member = await Member.join(stream, { group: unique('paused'), topics: [topic] })
  const partitions = member.subscription.assignments()
  member.subscription.pause(partitions)
  await kill9Postgres(own.server.dataFolder)
  await until(() => member.subscription.assignments().length === 0, 'the member to have lost its session')
  member.subscription.resume(partitions)
  await own.server.ensureRunning()
  await stream.append(topic, numbered(100, { keys: 30 }))
  await member.count(100)
})

test('a pause outlives an outage of the server', async () => {
  const stream = await openLog(() => own.server.url)
  const topic = unique('still-paused')
  await stream.createTopics([topic], { partitions: 2 })
  const member = await Member.join(stream, { group: unique('still-paused'), topics: [topic] })
  member.subscription.pause([{ topic, partition: 0 }])
  await killServer()
  await balanced([member], 2)
  const ends = await stream.append(topic, numbered(100, { keys: 30 }))
  const inPartition = (partition: number) => Number(ends.find((end) => end.partition === partition)?.offset)
  await member.count(inPartition(1))
  expect(new Set(member.seen.map(({ partition }) => partition))).toEqual(new Set([1]))
  member.subscription.resume([{ topic, partition: 0 }])
  await member.count(100)
})

test('a client that opens while the server is down opens once it is back', async () => {
  await kill9Postgres(own.server.dataFolder)
  const back = own.server.ensureRunning()
  const stream = await openLog(() => own.server.url)
  await back
  const topic = unique('away')
  await stream.createTopics([topic])
  await stream.append(topic, numbered(10))
  expect(await readAll(stream, topic)).toHaveLength(10)
})
