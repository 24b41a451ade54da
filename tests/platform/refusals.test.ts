import { randomUUID } from 'node:crypto'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createDatabase } from '../support/database.ts'
import { sharedKafka } from '../support/kafka.ts'
import { describeWith } from '../support/services.ts'
import { until } from '../support/until.ts'
import { publish, runPlatform } from './pipelines.ts'

const suite = (brokers: () => Promise<string | undefined>) => () =>
  test('a record that two destinations refuse leaves two dead letters; replaying one delivers to its destination only', async () => {
    const database = await createDatabase()
    onTestFinished(() => database.drop())
    const kafka = await brokers()
    const running = await runPlatform({ DATABASE_URL: database.url, ...(kafka && { REDPANDA_BROKERS: kafka }) })
    onTestFinished(() => running[Symbol.asyncDispose]())
    const { platform, lake, desk } = running
    // Brokers are shared with other suites, so names are the test's own.
    const [name, source] = [`refused-${randomUUID().slice(0, 6)}`, `s-${randomUUID().slice(0, 6)}`]
    lake.rejects = true
    desk.rejects = true
    const text = 'version: 1\nfrom: { records: [price] }\nto:\n  - destination: lake\n  - destination: desk\n'
    await platform.pipelines.deploy({ text, name }, { replaces: 0, by: 'ann' })
    await publish(platform, source, ['one'])
    // The pipeline reads and refuses records of the other suites too.
    const pending = async () =>
      (await platform.deadLetters.list({ pending: true, limit: 10_000 })).filter(
        ({ pipeline, key }) => pipeline === name && key?.startsWith(`${source}:`),
      )
    const letters = await until(async () => {
      const found = await pending()
      return found.length >= 2 && found
    }, 'a letter of each')
    expect(letters.map(({ destination, stage, reason }) => `${destination} ${stage} ${reason}`).toSorted()).toEqual([
      'desk store not taken',
      'lake store not taken',
    ])
    expect(new Set(letters.map(({ topic, partition, offset }) => `${topic}/${partition}/${offset}`)).size).toBe(1)

    lake.rejects = false
    desk.rejects = false
    const ofLake = letters.find(({ destination }) => destination === 'lake')
    expect(await platform.deadLetters.replay({ ids: [ofLake?.id as string] })).toEqual({ replayed: 1, refused: [] })
    await until(() => lake.coins(source).length === 1, 'lake to have it')
    // A record that comes later reaches desk, so it has read past the one that was put back.
    await publish(platform, source, ['later'])
    await until(() => desk.coins(source).includes('later') && lake.coins(source).includes('later'), 'both to read on')
    expect(lake.coins(source)).toEqual(['one', 'later'])
    expect(desk.coins(source)).toEqual(['later'])
    expect((await pending()).map(({ destination }) => destination)).toEqual(['desk'])
    await platform.pipelines.delete(name, 'ann')
  })

describe(
  'two refusals, on the embedded log',
  suite(async () => undefined),
)
describeWith('kafka', 'two refusals, over Kafka', suite(sharedKafka))
