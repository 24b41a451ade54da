import { randomInt } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openStore, type Store } from '../../lib/src/base/database/index.ts'
import { price, silentLogger } from '../../lib/src/base/types/index.ts'
import { loadConfig, openStreamFor } from '../../lib/src/streaming/platform/index.ts'
import { startKafka } from '../support/kafka.ts'
import { kill9Postgres } from '../support/kill9.ts'
import { type PlatformProcess, startPlatform } from '../support/platformProcess.ts'
import { describeWith } from '../support/services.ts'
import { temporary } from '../support/temporary.ts'
import { until } from '../support/until.ts'
import { Gate } from './gate.ts'
import { APPENDED_AT_ONCE, checksumOfTable, messagesIn, prices, produce } from './load.ts'
import { Random } from './random.ts'
import { CONFIG } from './subject.ts'
import { WRITTEN_AHEAD } from './verdict.ts'

const RECORDS = 100_000
const seed = randomInt(2 ** 31)

interface Setting {
  readonly project: string
  readonly env: Readonly<Record<string, string>>
  /** A view of the store from outside of the platform. */
  readonly store: Store
  readonly platform: PlatformProcess
  /** Counts what is stored while no platform runs: the next one begins to read before it has started. */
  readonly whileDead: () => Promise<void>
}

type Victim = (setting: Setting) => Promise<PlatformProcess>

const platform: Victim = async ({ platform: running, project, env, whileDead }) => {
  await running.kill9()
  await whileDead()
  return startPlatform(project, env)
}

const postgres: Victim = async ({ platform: running, store }) => {
  await kill9Postgres(store.embedded?.dataFolder as string)
  await store.embedded?.ensureRunning()
  return running
}

/** A load is produced once by this process, which is not restarted, while the victim is killed in the middle of it. */
async function survives(env: Readonly<Record<string, string>>, home: string, kill: Victim): Promise<void> {
  const project = await temporary('chaos')
  await writeFile(join(project, 'qicore.yaml'), CONFIG)
  const store = await openStore({ home })
  onTestFinished(() => store.close())
  const all = { ...env, QICORE_HOME: home }
  const { config } = loadConfig({ cwd: project, env: all })
  const stream = await openStreamFor(config, store, { logger: silentLogger })
  onTestFinished(() => stream.close())
  await stream.createTopics([price.topic])
  let running = await startPlatform(project, all)
  onTestFinished(() => running.kill9())

  const random = new Random(seed)
  const rows = async () => {
    const counted = await store.pool.query<{ n: number }>('select count(*)::int as n from crypto_prices')
    return counted.rows[0]?.n ?? 0
  }
  // However late a busy machine sees the threshold, there is more to come when the kill does.
  const gate = new Gate()
  gate.open(0.8 * RECORDS)
  const producing = produce(stream, prices(RECORDS, random.fork('records')), { room: (produced) => gate.pass(produced) })
  producing.catch(() => {})
  const threshold = random.integer(0.15 * RECORDS, 0.6 * RECORDS)
  const seen = await until(async () => {
    const stored = await rows()
    return stored >= threshold && stored
  }, `${threshold} rows, with the seed ${seed}`)
  expect(seen).toBeLessThan(0.9 * RECORDS)
  gate.open(Number.POSITIVE_INFINITY)
  const before = running
  let kept = 0
  const whileDead = async () => {
    kept = await until(rows, 'the rows that were kept')
  }
  running = await kill({ project, env: all, store, platform: running, whileDead })
  const checksum = await producing
  await until(async () => (await rows()) === RECORDS, `all rows; the platform printed:\n${running.output()}`)

  expect(await checksumOfTable(store)).toEqual(checksum)
  const { read } = await until(async () => {
    const [consumer] = (await running.status()).consumers
    return consumer && consumer.waiting === 0 && consumer
  }, 'the consumer to have written all it read')
  const appended = await messagesIn(stream)
  // A producer may have to repeat the batch whose answer a kill swallowed.
  expect(appended - RECORDS).toBeLessThanOrEqual(APPENDED_AT_ONCE)
  if (running === before) expect(read - appended).toBeLessThanOrEqual(WRITTEN_AHEAD)
  else expect(read - (appended - kept)).toBeLessThanOrEqual(WRITTEN_AHEAD)
  expect(await running.stop()).toBe(0)
}

describe('killed in the middle of a load, with embedded engines', () => {
  test('the platform', async () => survives({}, await temporary('home'), platform))
  test('PostgreSQL', async () => survives({}, await temporary('home'), postgres))
})

describeWith('kafka', 'killed in the middle of a load, over Kafka', () => {
  const overKafka = async (kill: (kafka: Awaited<ReturnType<typeof startKafka>>) => Victim) => {
    const kafka = await startKafka()
    onTestFinished(() => kafka.stop())
    const home = await temporary('home')
    const server = await openStore({ home })
    onTestFinished(() => server.close())
    await survives({ REDPANDA_BROKERS: kafka.brokers, DATABASE_URL: server.url }, home, kill(kafka))
  }

  test('the platform', () => overKafka(() => platform))
  test('PostgreSQL', () => overKafka(() => postgres))
  test('the broker', () =>
    overKafka((kafka) => async ({ platform: running }) => {
      await kafka.kill9()
      await kafka.restart()
      return running
    }))
})
