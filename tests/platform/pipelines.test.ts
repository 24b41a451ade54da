import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { price } from '../../lib/src/base/types/index.ts'
import { testDatabase } from '../support/database.ts'
import { sharedKafka } from '../support/kafka.ts'
import { describeWith } from '../support/services.ts'
import { until } from '../support/until.ts'
import { publish, type Running, runPlatform } from './pipelines.ts'

/** The same over both streams. Names are the test's own: brokers are shared with other suites. */
async function suite(brokers: () => Promise<string | undefined>): Promise<void> {
  const { url } = await testDatabase()
  let env: Record<string, string>
  let one: Running
  const own = (name: string) => `${name}-${randomUUID().slice(0, 6)}`
  const text = (to: string, from = 'records: [price]') => `version: 1\nfrom: { ${from} }\nto:\n${to}\n`
  const deploy = (name: string, yaml: string, replaces = 0, running = one) =>
    running.platform.pipelines.deploy({ text: yaml, name }, { replaces, by: 'ann' })
  const has = (running: Running, at: 'lake' | 'desk', source: string, coins: readonly string[]) =>
    until(() => coins.every((coin) => running[at].coins(source).includes(coin)), `${coins} at ${at}`)

  const groupsGone = (name: string) =>
    until(
      async () => (await one.platform.stream.describeGroups([`qicore-${name}-lake`, `qicore-${name}-desk`])).length === 0,
      'the groups of the deleted pipeline to be deleted',
    )

  beforeAll(async () => {
    const kafka = await brokers()
    env = { DATABASE_URL: url, ...(kafka && { REDPANDA_BROKERS: kafka }) }
    one = await runPlatform(env)
  })
  afterAll(() => one?.[Symbol.asyncDispose]())
  test('a deployed pipeline delivers to both destinations; stop, resume and rollback work', async () => {
    const [name, source] = [own('both'), own('s')]
    await deploy(name, text('  - destination: lake\n  - destination: desk'))
    await publish(one.platform, source, ['a', 'b'])
    await has(one, 'lake', source, ['a', 'b'])
    await has(one, 'desk', source, ['a', 'b'])
    const running = () => one.platform.deliveries.stats().filter(({ pipeline }) => pipeline === name)
    expect(
      running()
        .map((delivery) => delivery.group)
        .sort(),
    ).toEqual([`qicore-${name}-desk`, `qicore-${name}-lake`])

    await one.platform.pipelines.stop(name, 'ann')
    await until(() => running().length === 0, 'the deliveries to stop')
    await publish(one.platform, source, ['c'])
    await one.platform.pipelines.resume(name, undefined, 'ann')
    await has(one, 'lake', source, ['c'])
    await has(one, 'desk', source, ['c'])

    await deploy(name, text('  - destination: lake'), 1)
    await until(() => running().length === 1, 'desk to be left out')
    await publish(one.platform, source, ['d'])
    await has(one, 'lake', source, ['d'])
    expect(one.desk.coins(source)).not.toContain('d')
    await one.platform.pipelines.rollback(name, 1, { replaces: 2, by: 'ann' })
    await has(one, 'desk', source, ['d'])
    expect((await one.platform.pipelines.show(name)).text).toBe(text('  - destination: lake\n  - destination: desk'))
    await one.platform.pipelines.delete(name, 'ann')
    await until(() => running().length === 0, 'the deleted pipeline to end')
    await groupsGone(name)
  })

  test('a topic written by a pipeline keeps bytes and keys, for other pipelines, tools and dead letters', async () => {
    const [writer, reader, topic, source] = [own('writer'), own('reader'), own('topic'), own('s')]
    await deploy(writer, text(`  - { topic: ${topic}, record: price }`))
    await deploy(reader, text('  - destination: lake', `topics: [${topic}]`))
    await publish(one.platform, source, ['x', 'y', 'z'])
    await has(one, 'lake', source, ['x', 'y', 'z'])
    const { stream, catalogue, deadLetters } = one.platform
    expect(catalogue.typeOf(topic)).toBe(price)
    const read = async (from: string) => {
      const found = new Map<string, string>()
      for await (const batch of stream.read({ topics: [from], from: 'earliest', untilEnd: true }))
        for (let i = 0; i < batch.length; i++)
          if (batch.keys[i]?.startsWith(`${source}:`)) found.set(String(batch.keys[i]), Buffer.from(batch.value(i)).toString())
      return found
    }
    expect(await read(topic)).toEqual(await read(price.topic))
    expect((await read(topic)).size).toBe(3)

    await stream.append(topic, [{ key: `${source}:bad`, value: 'no record' }])
    const letter = await until(async () => (await deadLetters.list({ topic }))[0], 'the dead letter')
    expect(letter).toMatchObject({ topic, pipeline: reader, destination: 'lake', stage: 'store' })
    const mended = {
      ...letter,
      value: Buffer.from(
        price.encode({
          coinId: 'mended',
          source,
          currency: 'usd',
          time: 1_767_225_600_000_000,
          receivedAt: 1_767_225_600_000_001,
          origin: 'live',
          price: '2' as never,
        }),
      ).toString(),
    }
    expect(await deadLetters.replay({ entries: [mended] })).toMatchObject({ replayed: 1, refused: [] })
    await has(one, 'lake', source, ['mended'])

    await expect(one.platform.pipelines.delete(writer, 'ann')).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining(`pipeline ${reader} reads topic ${topic}`),
    })
    const loop = deploy(own('loop'), text(`  - { topic: ${own('t')}, record: price }`, `topics: [${topic}, nowhere]`))
    await expect(loop).rejects.toMatchObject({
      code: 'BAD_REQUEST',
      message: expect.stringContaining('no topic of this name carries records'),
    })
    for (const each of [reader, writer]) await one.platform.pipelines.delete(each, 'ann')
  })

  test('another process picks up a deployment, shares its work, and reports what it cannot run', async () => {
    const [name, source] = [own('shared'), own('s')]
    const two = await runPlatform(env, 'destinations:\n  lake: { type: collect }\n')
    onTestFinished(() => two[Symbol.asyncDispose]())
    await deploy(name, text('  - destination: lake\n  - destination: desk'), 0, one)
    const runs = (running: Running) => running.platform.deliveries.stats().filter(({ pipeline }) => pipeline === name).length
    await until(() => runs(one) === 2 && runs(two) === 1, 'both processes to run it')
    const coins = Array.from({ length: 40 }, (_, i) => `coin${i}`)
    await publish(one.platform, source, coins)
    await until(
      () => new Set([...one.lake.coins(source), ...two.lake.coins(source)]).size === coins.length,
      'all records at one of them',
    )
    await has(one, 'desk', source, coins)
    const part = (await two.platform.health()).parts.find((each) => each.name === `pipeline ${name}`)
    expect(part).toMatchObject({
      status: 'degraded',
      summary: expect.stringContaining('does not deliver to desk from this process'),
    })

    await two.platform.pipelines.stop(name, 'ben')
    await until(() => runs(one) + runs(two) === 0, 'both processes to stop it')
    expect((await one.platform.stream.describeGroups()).map((group) => group.name)).toContain(`qicore-${name}-desk`)
    await one.platform.pipelines.delete(name, 'ann')
    await groupsGone(name)
  })

  test('a parked delivery goes on when any process resumes it', async () => {
    const [name, source] = [own('parked'), own('s')]
    one.lake.refuses = true
    await deploy(name, text('  - destination: lake'))
    await publish(one.platform, source, ['p'])
    const state = () => one.platform.deliveries.stats().find(({ pipeline }) => pipeline === name)?.state
    await until(() => state() === 'parked', 'the delivery to be parked')
    one.lake.refuses = false
    await one.platform.pipelines.resume(name, 'lake', 'ann')
    await has(one, 'lake', source, ['p'])
    await one.platform.pipelines.delete(name, 'ann')
  })

  test('settings of an output apply to its delivery', async () => {
    const [name, source] = [own('policy'), own('s')]
    one.lake.refuses = true
    await deploy(
      name,
      text(
        '  - destination: lake\n    lanes: 1\n    batch: { max_records: 500 }\n    max_lag: none\n    failure: { retry: 1s, then: dead_letter }',
      ),
    )
    await publish(one.platform, source, ['q'])
    await until(
      async () => one.platform.deliveries.stats().some(({ pipeline, state }) => pipeline === name && state === 'parked'),
      'the refusal of everything to park it',
    )
    one.lake.refuses = false
    await one.platform.pipelines.resume(name, undefined, 'ann')
    await has(one, 'lake', source, ['q'])
    await one.platform.pipelines.delete(name, 'ann')
  })

  test('list shows deployed, built-in and implicit pipelines; their names and groups are taken', async () => {
    const list = await one.platform.pipelines.list()
    expect(list.map(({ name, kind }) => `${name} ${kind}`)).toEqual(
      expect.arrayContaining(['crypto-data built-in', 'desk implicit']),
    )
    await expect(deploy('desk', text('  - destination: lake'))).rejects.toMatchObject({
      message: expect.stringContaining(
        'the name desk is that of the implicit pipeline desk (destinations.desk.records in qicore.yaml)',
      ),
    })
  })
}

describe('deployed pipelines over the embedded log', () => suite(async () => undefined))
describeWith('kafka', 'deployed pipelines over Kafka', () => suite(sharedKafka))
