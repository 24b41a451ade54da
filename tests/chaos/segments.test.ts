import { randomInt } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { groupOf } from '../../lib/src/streaming/pipelines/index.ts'
import { describeWith } from '../support/services.ts'
import { until } from '../support/until.ts'
import { type Engines, type Mode, openEngines, project, type Way } from './engines.ts'
import { Gate } from './gate.ts'
import { checksumsOf, type Lake, type LakeName, openLake } from './lake.ts'
import { type Checksum, prices, produce } from './load.ts'
import { SESSION_MS } from './plan.ts'
import { startProcess, type TestProcess } from './process.ts'
import { Random } from './random.ts'

const RECORDS = 20_000
const GROUP = groupOf({ pipeline: 'crypto-data', destination: 'lake' })

type Member = TestProcess<{ readonly assigned: readonly string[]; readonly written: number; readonly waiting: number }>

interface Setting {
  readonly engines: Engines
  readonly lake: Lake
  readonly seed: number
  /** Appends of prices wait here. */
  readonly gate: Gate
  readonly produced: Promise<Checksum>
  readonly start: (way: Way) => Promise<Member>
  readonly records: () => Promise<number>
}

async function setUp(mode: Mode, kind: LakeName): Promise<Setting> {
  const seed = randomInt(2 ** 31)
  const engines = await openEngines(mode)
  onTestFinished(() => engines[Symbol.asyncDispose]())
  const lake = await openLake(kind, engines.folder, 'roll: { rows: 700, age: 300ms }')
  onTestFinished(() => lake[Symbol.asyncDispose]())
  await engines.stream.createTopics(['crypto-prices'])
  const destination = `lake: { ${lake.settings}, max_lag: none }`
  const yaml = `sources: { run: [] }\nredpanda: { session_timeout_ms: ${SESSION_MS} }\ndestinations:\n  ${destination}\n`
  const start = async (way: Way) => {
    const folder = await project(engines.folder, 'segments', yaml)
    const member: Member = startProcess('consumerProcess.ts', { sink: kind }, folder, engines.environment(way))
    onTestFinished(() => member.kill9())
    return member
  }
  const gate = new Gate()
  gate.open(500)
  const produced = produce(engines.stream, prices(RECORDS, new Random(seed)), { room: (count) => gate.pass(count) })
  produced.catch(() => {})
  return { engines, lake, seed, gate, produced, start, records: async () => (await lake.records()).length }
}

/** Every record is in the files, and none twice. */
async function expectExactly({ engines, lake, produced, seed, records }: Setting, members: readonly Member[]): Promise<void> {
  const checksum = await produced
  const output = () => members.map((member) => member.output().slice(-3000)).join('\n--\n')
  let seen = ''
  await until(async () => {
    const lags = await engines.stream.lag(GROUP)
    const count = await records()
    seen = `${count} records; lags ${lags.map(({ partition, lag }) => `${partition}: ${lag}`).join(', ')}`
    return lags.length > 0 && lags.every(({ lag }) => lag === 0n) && count >= RECORDS
  }, `all to be sealed and acknowledged, with the seed ${seed}`).catch((error: Error) => {
    const reports = members.map((member) => JSON.stringify(member.report())).join(' ')
    throw new Error(`${error.message}; ${seen}; ${reports}\n${output()}`)
  })
  expect((await checksumsOf(lake)).all, `seed ${seed}`).toEqual(checksum)
}

async function killed(mode: Mode, kind: LakeName): Promise<void> {
  const setting = await setUp(mode, kind)
  const { gate, start, records, seed } = setting
  const random = new Random(seed).fork('kills')
  let member = await start('home')
  for (const part of [0.3, 0.6, 0.8]) {
    gate.open(part * RECORDS)
    const threshold = Math.max(1, (part - 0.2) * RECORDS)
    await until(async () => (await records()) >= threshold, `${threshold} records in files`)
    await setTimeout(random.integer(0, 200))
    await member.kill9()
    member = await start('home')
  }
  gate.open(Number.POSITIVE_INFINITY)
  await expectExactly(setting, [member])
  expect(await member.stop()).toBe(0)
}

async function fenced(mode: Mode, kind: LakeName): Promise<void> {
  const setting = await setUp(mode, kind)
  const { engines, gate, start, records } = setting
  const zombie = await start('network')
  gate.open(0.4 * RECORDS)
  await until(async () => (await records()) > 0, 'the first files')
  await until(() => (zombie.report()?.waiting ?? 0) > 0, 'records that are collected and not sealed')
  process.kill(zombie.pid, 'SIGSTOP')
  // PostgreSQL keeps the session of a process that stands still; its connection has to go.
  engines.networks.postgres.cut()
  const heir = await start('home')
  const topic = (await engines.stream.describeTopics(['crypto-prices']))[0]
  await until(() => heir.report()?.assigned.length === topic?.partitions.length, 'the other to hold every partition')
  gate.open(0.6 * RECORDS)
  await until(() => (heir.report()?.written ?? 0) > 0, 'the other to seal')
  process.kill(zombie.pid, 'SIGCONT')
  gate.open(Number.POSITIVE_INFINITY)
  await until(
    () => (zombie.report()?.assigned.length ?? 0) > 0 && zombie.report()?.assigned.length !== topic?.partitions.length,
    'both to share',
  )
  await expectExactly(setting, [zombie, heir])
  expect(await Promise.all([zombie.stop(), heir.stop()])).toEqual([0, 0])
}

const killTest = (mode: Mode, kind: LakeName) =>
  test('killed at any moment, nothing is lost and nothing is there twice', () => killed(mode, kind))
const fenceTest = (mode: Mode, kind: LakeName) =>
  test('stopped past its session and revived, a zombie acknowledges nothing and leaves nothing twice', () => fenced(mode, kind))

// Each engine and each kind of destination meets both; all their pairs are in `npm run chaos`.
describe('a destination of files, on the embedded log', { timeout: 240_000 }, () => killTest('embedded', 'file'))
describeWith('kafka', 'a destination of files, over Kafka', { timeout: 240_000 }, () => fenceTest('kafka', 'file'))
describeWith('versitygw', 'a destination of objects, on the embedded log', { timeout: 240_000 }, () =>
  fenceTest('embedded', 's3'),
)
describeWith(['kafka', 'versitygw'], 'a destination of objects, over Kafka', { timeout: 240_000 }, () => killTest('kafka', 's3'))
