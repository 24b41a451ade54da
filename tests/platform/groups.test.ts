import { describe, expect, onTestFinished, test } from 'vitest'
import { price } from '../../lib/src/base/types/index.ts'
import { boundsOf } from '../../lib/src/streaming/platform/upkeep/index.ts'
import { createDatabase } from '../support/database.ts'
import { until } from '../support/until.ts'
import { publish, type Running, runPlatform } from './pipelines.ts'

const SOURCE = 'groups'
const COINS = ['a', 'b', 'c', 'd', 'e']

async function database(): Promise<{ readonly DATABASE_URL: string }> {
  const { url, drop } = await createDatabase()
  onTestFinished(drop)
  return { DATABASE_URL: url }
}

async function run(env: Readonly<Record<string, string>>, settings: string): Promise<Running> {
  const running = await runPlatform(env, settings)
  onTestFinished(() => running[Symbol.asyncDispose]())
  return running
}

/** The letters of what was skipped of all coins, once the group has been moved behind them. */
async function skipped({ platform }: Running, group: string) {
  const lag = async () => (await platform.stream.lag(group)).reduce((sum, one) => sum + Number(one.lag), 0)
  const known = async () => (await platform.stream.lag(group)).length > 0
  await until(async () => (await known()) && (await lag()) === 0, `${group} to be moved`)
  const letters = (await platform.deadLetters.list()).filter(({ stage }) => stage === 'skipped')
  const records = letters.reduce((sum, { offset = 0n, lastOffset = 0n }) => sum + Number(lastOffset - offset) + 1, 0)
  return { letters, records }
}

const unwell = ({ platform }: Running, group: string) =>
  until(
    async () => (await platform.health()).parts.find(({ name, status }) => name === `group ${group}` && status === 'degraded'),
    'the health to show it',
  )

describe('groups without members in the embedded log', () => {
  test('a stopped pipeline keeps its offsets within max_lag; beyond it a dead letter names the range, which can be replayed after resuming', async () => {
    const running = await run(await database(), 'destinations:\n  lake: { type: collect, max_lag: 1s }\n')
    const { platform, lake } = running
    const text = 'version: 1\nfrom: { records: [price] }\nto: [{ destination: lake }]\n'
    await platform.pipelines.deploy({ text, name: 'archive' }, { replaces: 0, by: 'ann' })
    await publish(platform, SOURCE, ['first'])
    await until(() => lake.coins(SOURCE).includes('first'), 'the first record')
    await platform.pipelines.stop('archive', 'ann')
    await until(() => !platform.deliveries.stats().some(({ pipeline }) => pipeline === 'archive'), 'the pipeline to stop')
    await publish(platform, SOURCE, COINS)

    const { letters, records } = await skipped(running, 'qicore-archive-lake')
    expect(records).toBe(COINS.length)
    expect(letters).toEqual(
      letters.map((letter) => ({ ...letter, topic: price.topic, pipeline: 'archive', destination: 'lake' })),
    )
    expect(letters[0]?.reason).toMatch(
      /^\d records? skipped, because the lag of archive\/lake .* max_lag of 1s; replay .*qicore backfill/,
    )
    expect(await unwell(running, 'qicore-archive-lake')).toMatchObject({
      summary: expect.stringMatching(
        /^5 records skipped, because the lag of archive\/lake .*crypto-prices partition \d, offsets \d/,
      ),
      action: expect.stringContaining('qicore dlq replay'),
    })

    await platform.pipelines.resume('archive', undefined, 'ann')
    await publish(platform, SOURCE, ['after'])
    await until(() => lake.coins(SOURCE).includes('after'), 'the pipeline to go on')
    expect(lake.coins(SOURCE)).toEqual(['first', 'after'])
    await platform.deadLetters.replay({ ids: letters.map(({ id }) => id) })
    await until(() => COINS.every((coin) => lake.coins(SOURCE).includes(coin)), 'the skipped records')
    expect(await platform.deadLetters.list({ destination: 'lake', pending: true })).toEqual([])
  })

  test('a destination that is gone from the configuration, or never took a record, has the bound of its last configuration', async () => {
    const env = await database()
    {
      await using running = await runPlatform(env, 'destinations:\n  lake: { type: collect, records: [price], max_lag: 1s }\n')
      const { platform, lake } = running
      lake.refuses = true
      await publish(platform, SOURCE, ['first'])
      await until(() => platform.deliveries.stats().some(({ state }) => state === 'parked'), 'the destination to refuse')
      const { pool } = platform.store
      await until(async () => (await pool.query("select from pipeline_groups where destination = 'lake'")).rowCount, 'its claim')
    }
    const running = await run(env, '')
    await publish(running.platform, SOURCE, COINS)
    const { letters } = await skipped(running, 'qicore-lake-lake')
    expect(new Set(letters.map(({ pipeline, destination }) => `${pipeline}/${destination}`))).toEqual(new Set(['lake/lake']))
    const offsets = letters.flatMap(({ partition, offset = 0n, lastOffset = 0n }) =>
      Array.from({ length: Number(lastOffset - offset) + 1 }, (_, i) => `${partition}/${offset + BigInt(i)}`),
    )
    // Each offset is named by one letter, whichever process wrote it.
    expect(offsets.length).toBe(new Set(offsets).size)
    expect(offsets.length).toBe(1 + COINS.length)
  })

  test('embedded_stream.unread_retention_ms bounds every group, unknown ones too, and leaves dead letters', async () => {
    const settings =
      'destinations:\n  lake: { type: collect, records: [price], max_lag: none }\nembedded_stream: { unread_retention_ms: 1000 }\n'
    const running = await run(await database(), settings)
    const { platform, lake } = running
    expect(platform.deliveries.settingsOf({ destination: 'timescaledb' })).toMatchObject({ maxLagMs: 1000 })
    lake.refuses = true
    const partitions = [0, 1]
    await platform.stream.resetOffsets(
      'foreign',
      partitions.map((partition) => ({ topic: price.topic, partition, offset: 0n })),
    )
    await publish(platform, SOURCE, COINS)
    const ofLake = await until(
      async () => (await platform.deadLetters.list({ destination: 'lake' })).find(({ stage }) => stage === 'skipped'),
      'the letter of the destination',
    )
    expect(ofLake).toMatchObject({ pipeline: 'lake', topic: price.topic, reason: expect.stringContaining('max_lag of 1s') })
    const { letters } = await skipped(running, 'foreign')
    const foreign = letters.filter(({ destination }) => destination === undefined)
    expect(foreign[0]?.reason).toContain('because the lag of group foreign exceeded its max_lag')
    expect(await unwell(running, 'foreign')).toMatchObject({ code: 'TIMEOUT' })
  })
})

test('a delivery without a bound gets the default bound once no configuration has had it for a week', () => {
  const [day, none] = [86_400_000, Number.POSITIVE_INFINITY]
  const bounded = { maxLagMs: 7 * day, maxLagBytes: 10e9 }
  const store = { maxLagMs: none, maxLagBytes: none }
  const [unreadMs, runsMs] = [none, day]
  expect(boundsOf(undefined, { unreadMs, runsMs })).toEqual(bounded)
  expect(boundsOf({ ...store, unclaimedMs: 6 * day }, { unreadMs, runsMs })).toEqual(store)
  expect(boundsOf({ ...store, unclaimedMs: 8 * day }, { unreadMs, runsMs })).toEqual(bounded)
  // The others may only be starting.
  expect(boundsOf({ ...store, unclaimedMs: 8 * day }, { unreadMs, runsMs: 60_000 })).toEqual(store)
  const wide = { maxLagMs: 30 * day, maxLagBytes: none }
  expect(boundsOf({ ...wide, unclaimedMs: 8 * day }, { unreadMs, runsMs })).toEqual(wide)
  expect(boundsOf({ ...wide, unclaimedMs: 8 * day }, { unreadMs: day, runsMs })).toEqual({ ...wide, maxLagMs: day })
})
