import { execFile } from 'node:child_process'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { testDatabase } from '../support/database.ts'
import { sharedKafka } from '../support/kafka.ts'
import { describeWith, hasService } from '../support/services.ts'

const run = promisify(execFile)
const MAIN = resolve(import.meta.dirname, '../../bench/main.ts')
const { PATH, HOME, TMPDIR, BENTO_BIN, REDPANDA_CONNECT_BIN } = process.env
const database = await testDatabase()

/** Output of a scenario at a small size, in a database of its own. Scenarios make databases and checkpoints, which a superuser may. */
async function figures(scenario: string, records: number, env: NodeJS.ProcessEnv = {}): Promise<string> {
  const given = { PATH, HOME, TMPDIR, BENTO_BIN, REDPANDA_CONNECT_BIN, DATABASE_URL: database.admin, ...env }
  const { stdout } = await run(process.execPath, [MAIN, scenario, '--records', String(records), '--rounds', '1'], { env: given })
  expect(stdout).not.toMatch(/NaN|Infinity|undefined/)
  return stdout
}

const FIGURE = '[\\d.,k]+ \\([\\d.,k]+–[\\d.,k]+\\)'
const row = (contender: string, ratio = '\\d+\\.\\d\\d') => new RegExp(`^\\| ${contender} \\| ${FIGURE} \\| ${ratio} \\|$`, 'm')

describe('the benchmarks at a small size', () => {
  test('drizzle prints its requests beside those of node-postgres', async () => {
    const printed = await figures('drizzle', 500)
    expect(printed).toMatch(row('node-postgres, prepared insert', '1\\.00'))
    expect(printed).toMatch(row('DrizzleClient.latestPrice'))
  })

  test('rollups prints what they cost and what they give', async () => {
    const printed = await figures('rollups', 2000)
    expect(printed).toMatch(row('without rollups', '1\\.00'))
    expect(printed).toMatch(/^\| 1h \| [\d.]+ ms \| [\d.]+ ms \| \d+ × \|$/m)
  })

  test('rollup-lag prints how far they are behind and what they write', async () => {
    expect(await figures('rollup-lag', 1000)).toMatch(/^\| 20 \| \d+ ms \| \d+ ms \| \d+\.\d\d \| [\d.]+ ms \|$/m)
  })

  test('backfill prints the memory of its process', async () => {
    expect(await figures('backfill', 20_000)).toMatch(/^\| largest, MB \| \d+ \|$/m)
  })

  test('growth prints reads of three sizes, in embedded mode, where the role makes no databases', async () => {
    expect(await figures('growth', 1000, { DATABASE_URL: undefined })).toMatch(
      /^\| 17,280 rows \| [\d.]+ \([\d.]+–[\d.]+\) \| [\d.]+ × \|$/m,
    )
  })

  test('export prints its rates beside psql, and its memory', async () => {
    const printed = await figures('export', 1000)
    expect(printed).toMatch(row('qicore export --order time, csv'))
    expect(printed).toMatch(/^\| qicore export --order time, parquet \| [\d,]+ \| \d+ \|$/m)
  })

  test('series prints reads over few and many series', async () => {
    expect(await figures('series', 1000)).toMatch(/^\| coverage, a page of 100 \| [\d.]+ ms \| [\d.]+ ms \|$/m)
  })

  test('latency prints what most records took', async () => {
    const { stdout } = await run(process.execPath, [MAIN, 'latency', '--records', '200', '--rounds', '1'], {
      env: { PATH: process.env.PATH, TMPDIR: process.env.TMPDIR },
    })
    expect(stdout).toMatch(/^\| p99 \| [\d.]+ ms \| [\d.]+ ms \| [\d.]+ ms \|$/m)
  })

  test('destinations prints the p99 of the store beside each trouble of another', async () => {
    const printed = await figures('destinations', 200)
    const of = (name: string) => new RegExp(`^\\| ${name} \\| [\\d.]+ ms \\([\\d.]+–[\\d.]+\\) \\| \\d+\\.\\d\\d \\|$`, 'm')
    for (const name of ['none', 'is down', 'refuses everything', 'cannot be opened', 'hangs']) expect(printed).toMatch(of(name))
  })

  test('sinks prints what a record costs at each destination that is there', async () => {
    const printed = await figures('sinks', 2000)
    const there = ['file, ndjson', 'file, parquet', ...(['redis', 'clickhouse'] as const).filter(hasService)]
    for (const name of there) expect(printed).toMatch(row(name))
    expect(printed).toMatch(/^Most memory of these processes, MB: file, ndjson \d+, file, parquet \d+/m)
  })

  test('a scenario that does not exist is refused with those that do', async () => {
    const failure = await run(process.execPath, [MAIN, 'bacth']).catch((error: { code: number; stderr: string }) => error)
    expect(failure).toMatchObject({ code: 2, stderr: expect.stringMatching(/no scenario named bacth\n[\s\S]*batch\|stream/) })
  })

  test('a scenario says what it lacks', async () => {
    const failure = await figures('connect', 1).catch((error: { code: number; stderr: string }) => error)
    expect(failure).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('connect needs a Kafka or Redpanda broker (set REDPANDA_BROKERS)'),
    })
  })
})

describeWith('psql', 'the benchmarks beside psql at a small size', () => {
  test('batch prints its rates with the ratio to psql, in a database that it starts', async () => {
    const printed = await figures('batch', 2000, { DATABASE_URL: undefined })
    expect(printed).toMatch(row('psql \\\\copy text', '1\\.00'))
    expect(printed).toMatch(row('TimescaleClient.upsert, every key there'))
  })

  test('stream prints the same for the embedded log', async () => {
    expect(await figures('stream', 2000)).toMatch(row('stream → table, new keys'))
  })
})

describeWith(['wrk', 'pgbench'], 'the benchmark of HTTP at a small size', () => {
  test('http prints its requests beside those of pgbench', async () => {
    const printed = await figures('http', 2000)
    expect(printed).toMatch(row('pgbench, the statement of the server', '1\\.00'))
    expect(printed.match(/^\| HTTP \|/gm)).toHaveLength(3)
  })
})

describeWith(['kafka', 'psql', 'connect'], 'the benchmark beside Kafka Connect at a small size', { timeout: 480_000 }, () => {
  test('connect prints both, after it has seen that their tables are the same', async () => {
    const printed = await figures('connect', 2000, { REDPANDA_BROKERS: await sharedKafka() })
    expect(printed.match(/^\| Kafka Connect.* \| 1\.00 \|$/gm)).toHaveLength(2)
    expect(printed).toMatch(row('stream → table'))
  })
})

for (const [program, name] of [
  ['bento', 'Bento'],
  ['redpanda-connect', 'Redpanda Connect'],
] as const)
  describeWith(['kafka', 'psql', program], `the benchmark beside ${name} at a small size`, () => {
    test(`${program} prints both, after it has seen that their tables are the same`, async () => {
      const printed = await figures(program, 2000, { REDPANDA_BROKERS: await sharedKafka() })
      expect(printed.match(new RegExp(`^\\| ${name}.* \\| 1\\.00 \\|$`, 'gm'))).toHaveLength(2)
      expect(printed).toMatch(row('stream → table'))
    })
  })
