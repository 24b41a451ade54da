import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { FAULTS, type Fault, trouble } from '../../bench/trouble.ts'
import { price } from '../../lib/src/base/types/index.ts'
import { CryptoDataPlatform, loadConfig } from '../../lib/src/streaming/platform/index.ts'
import { serving } from '../app/server/served.ts'
import { createDatabase } from '../support/database.ts'
import { ndjson } from '../support/doubles/ndjson.ts'
import { type Kafka, startKafka } from '../support/kafka.ts'
import { describeWith } from '../support/services.ts'
import { temporary } from '../support/temporary.ts'
import { until } from '../support/until.ts'

const STOPPED_MS = 10_000

async function platformWith(yaml: string, env: Readonly<Record<string, string>>) {
  const database = await createDatabase()
  onTestFinished(() => database.drop())
  const cwd = await temporary('destinations')
  await writeFile(join(cwd, 'qicore.yaml'), yaml)
  const { config } = loadConfig({ cwd, env: { DATABASE_URL: database.url, ...env } })
  const platform = new CryptoDataPlatform({ config, sinkTypes: { ndjson, trouble }, watchMs: 50 })
  onTestFinished(() => platform.stop())
  return { platform, cwd }
}

const STATE = { down: 'retrying', refuses: 'parked', unopened: 'opening', hangs: 'running' } as const

/** Records keep reaching the store, and everything but the destination's own part is well. */
async function isolates(fault: Fault, env: Readonly<Record<string, string>>): Promise<void> {
  const yaml = `sources: { simulated: { interval_ms: 20 } }
destinations:
  sick: { type: trouble, fault: ${fault}, records: [price] }
`
  const { platform } = await platformWith(yaml, env)
  await platform.start()
  const { url } = await serving(platform)
  const of = (destination: string) => platform.getStatus().consumers.find((one) => one.destination === destination)
  const rows = async () => {
    const { rows: found } = await platform.store.pool.query<{ n: number }>('select count(*)::int as n from crypto_prices')
    return found[0]?.n ?? 0
  }
  await until(() => of('sick')?.state === STATE[fault] && (fault !== 'hangs' || (of('sick')?.waiting ?? 0) > 0), 'the trouble')
  const before = await rows()
  await until(async () => (await rows()) > before + 200, 'records to reach the store all the while')
  expect(of('timescaledb')).toMatchObject({ state: 'running' })
  expect(of('sick')).toMatchObject({ name: 'sick/sick', pipeline: 'sick', group: 'qicore-sick-sick', written: 0 })
  expect((await fetch(`${url}/ready`)).status).toBe(200)
  if (fault !== 'hangs') {
    const sick = await until(
      async () => (await platform.health()).parts.find(({ name, status }) => name === 'consumer sick/sick' && status !== 'up'),
      'the health to show it',
    )
    expect(sick).toMatchObject({ status: 'degraded' })
    if (fault === 'refuses') expect(sick).toMatchObject({ code: 'UNAUTHORIZED', action: expect.stringContaining('resume') })
  }
  const started = performance.now()
  await platform.stop()
  expect(performance.now() - started).toBeLessThan(STOPPED_MS)
}

const suite = (env: () => Readonly<Record<string, string>>) => () => {
  for (const fault of FAULTS) test(`${fault}: it costs the store nothing`, () => isolates(fault, env()))
}

describe(
  'a second destination in trouble, on the embedded log',
  { timeout: 120_000 },
  suite(() => ({})),
)

describeWith('kafka', 'a second destination in trouble, over Kafka', { timeout: 120_000 }, () => {
  let kafka: Kafka
  beforeAll(async () => {
    kafka = await startKafka()
    return () => kafka.stop()
  })
  suite(() => ({ REDPANDA_BROKERS: kafka.brokers }))()
})

test('a parked destination goes on when it is resumed; a dead letter is replayed only to the destination that refused it', async () => {
  const yaml = `sources: { run: [] }
destinations:
  lines: { type: ndjson, file: lines.ndjson, records: [price], failure: { retry: 1s, then: dead_letter } }
  sick: { type: trouble, fault: down, records: [price], failure: { retry: 1ms, then: dead_letter } }
`
  const { platform } = await platformWith(yaml, {})
  await platform.start()
  const value = (coin: string) => price.encode(aPrice(coin))
  await platform.stream.append(price.topic, [{ key: 'a', value: value('first') }])
  const sick = () => platform.deadLetters.list({ destination: 'sick', pending: true })
  const [letter] = await until(async () => (await sick()).length > 0 && sick(), 'the letter of the one that refused')
  expect(letter).toMatchObject({ stage: 'store', pipeline: 'sick', destination: 'sick', reason: 'nobody answers' })
  const written = (destination: string) => platform.getStatus().consumers.find((one) => one.destination === destination)
  await until(() => written('lines')?.written === 1 && written('timescaledb')?.written === 1, 'the others to have it')
  expect(await platform.deadLetters.replay({ ids: [letter?.id as string] })).toMatchObject({ replayed: 1, refused: [] })
  await until(
    async () => (await platform.deadLetters.list({ destination: 'sick' })).length === 2,
    'the destination to have it again',
  )
  await until(() => written('lines')?.read === 2 && written('timescaledb')?.read === 2, 'the others to have read past it')
  expect(written('lines')).toMatchObject({ written: 1, deadLettered: 0 })
  expect(written('timescaledb')).toMatchObject({ written: 1, overwritten: 0 })
  await platform.resumeDelivery('sick/sick')
  await expect(platform.resumeDelivery('sock/sick')).rejects.toMatchObject({ code: 'NOT_FOUND' })
})

test('errors of a destination name its settings; the type may be left out if the name is a type', async () => {
  const broken = async (yaml: string) =>
    expect((await platformWith(`destinations:\n${yaml}`, {}).catch((e: unknown) => e)) as Error)
  ;(await broken('  a: { type: trubble, fault: down }')).toMatchObject({ code: 'CONFIG_INVALID', field: 'destinations.a.type' })
  ;(await broken('  trouble: { fault: down, lane: 2 }')).toMatchObject({ message: expect.stringContaining('did you mean lanes') })
  ;(await broken('  trouble: { fault: down, max_lag: 24 hours }')).toMatchObject({
    field: 'destinations.trouble.max_lag',
    message: expect.stringContaining('such as 6h'),
  })
  ;(await broken('  trouble: { fault: down, failure: { retry: 10GB } }')).toMatchObject({
    field: 'destinations.trouble.failure.retry',
    message: expect.stringContaining('is a size'),
  })
  ;(await broken('  other: { type: timescaledb }')).toMatchObject({ field: 'destinations.other.type' })
})

const aPrice = (coinId: string) =>
  price.fromWire({
    ...{ coin_id: coinId, source: 'test', currency: 'usd', origin: 'live', price: '1' },
    ...{ time: '2026-01-01T00:00:00Z', received_at: '2026-01-01T00:00:01Z' },
  })
