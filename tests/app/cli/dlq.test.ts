import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openStore } from '../../../lib/src/base/database/index.ts'
import { nowMicros, price, silentLogger } from '../../../lib/src/base/types/index.ts'
import { loadConfig, openStreamFor } from '../../../lib/src/streaming/platform/index.ts'
import { until } from '../../support/until.ts'
import { makeProject, type Project } from './project.ts'
import { document, failure, qicore, type Up, up } from './qicore.ts'

interface Letter {
  readonly id: string
  readonly reason: string
  readonly replayed: boolean
  value: string | Record<string, string>
}

let project: Project
let platform: Up

const run = (...args: readonly string[]) => qicore(args, { cwd: project.cwd })
const list = async (...args: readonly string[]) => document<Letter[]>(await run('dlq', 'list', '--json', ...args))

const record = price.toWire({
  coinId: 'bitcoin',
  source: 'desk',
  currency: 'usd',
  time: nowMicros(),
  receivedAt: nowMicros(),
  origin: 'live',
  price: '1.5' as never,
})

/** Appends values as another writer of the topic could. */
async function append(values: readonly string[]): Promise<void> {
  await using store = await openStore({ home: project.home })
  await using stream = await openStreamFor(loadConfig({ cwd: project.cwd, env: {} }).config, store, { logger: silentLogger })
  await stream.append(
    price.topic,
    values.map((value) => ({ key: 'desk:bitcoin', value })),
  )
}

beforeAll(async () => {
  project = await makeProject('dlq', 'sources: { run: [] }\n')
  platform = await up({ cwd: project.cwd })
  await append([JSON.stringify({ ...record, price: '1,5' }), 'not JSON \u001b[2J'])
  await until(async () => (await list()).length === 2, 'two dead letters')
})

afterAll(async () => {
  await platform?.stop()
  await project?.[Symbol.asyncDispose]()
})

describe('dead letters', { shuffle: false }, () => {
  it('are listed with their reason, and escape sequences in them are not printed', async () => {
    const { code, stdout } = await run('dlq', 'list', '--topic', 'price')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^crypto-prices\.dlq\/0\/\d+ {2}not stored, .* ago, waiting$/m)
    expect(stdout).toContain('price "1,5"')
    expect(stdout).not.toContain('\u001b')
    expect(stdout).toContain('\\u001b[2J')
  })

  it('are listed as CSV with reason and original', async () => {
    const { code, stdout } = await run('dlq', 'list', '--csv')
    expect(code).toBe(0)
    const [head, ...rows] = stdout.trimEnd().split('\r\n')
    expect(head).toMatch(/^id,topic,stage,pipeline,destination,.*,reason,.*,value$/)
    expect(rows).toHaveLength(2)
    expect(rows[0]).toMatch(/^crypto-prices\.dlq\/0\/\d+,crypto-prices,store,.*""price"":""1,5""/)
  })

  it('are refused while they are no valid records', async () => {
    const [letter] = await list()
    const end = await run('dlq', 'replay', '--id', letter!.id, '--id', 'crypto-prices.dlq/0/999', '--json')
    expect(document(end, 1)).toMatchObject({
      replayed: 0,
      refused: 2,
      entries: [
        { id: letter!.id, replayed: false, error: { code: 'BAD_DATA' } },
        { replayed: false, error: { code: 'NOT_FOUND' } },
      ],
    })
  })

  it('leave a line in the audit log for each replay, also for a failed one', async () => {
    const [letter] = await list()
    await run('dlq', 'replay', '--id', letter!.id)
    const [line] = document<{ tool: string }[]>(await run('audit', '--tool', 'qicore dlq replay', '--limit', '1', '--json'))
    expect(line).toMatchObject({
      face: 'cli',
      effect: 'write',
      outcome: 'failed',
      error: expect.stringContaining('BAD_DATA'),
      arguments: { ids: [letter!.id] },
    })
  })

  it('are stored once corrected, and not pending any more', async () => {
    const letters = await list('--pending')
    const mended = letters.find(({ value }) => typeof value === 'object')!
    expect(mended.value).toEqual({ ...record, price: '1,5' })
    mended.value = { ...(mended.value as Record<string, string>), price: '123456789012345.12345678' }
    const file = join(project.cwd, 'letters.json')
    await writeFile(file, JSON.stringify(letters))
    const end = await run('dlq', 'replay', '--from', file)
    expect(end).toMatchObject({ code: 1, stdout: expect.stringContaining(`✔ ${mended.id}  replayed`) })
    expect(end.stdout).toContain('1 replayed, 1 refused')
    const stored = await until(async () => {
      const latest = await run('query', 'latest', 'bitcoin', '--source', 'desk', '--json')
      return latest.code === 0 && document<{ items: readonly { price: string }[] }>(latest).items[0]
    }, 'the corrected price')
    expect(stored.price).toBe('123456789012345.12345678')
    expect((await list('--pending')).map(({ id }) => id)).toEqual(
      letters.filter(({ id }) => id !== mended.id).map(({ id }) => id),
    )
  })

  it('are read from stdin too', async () => {
    const entry = { topic: price.topic, value: record }
    const end = await qicore(['dlq', 'replay', '--from', '-', '--json'], { cwd: project.cwd, input: JSON.stringify(entry) })
    expect(document(end)).toMatchObject({ replayed: 1, refused: 0 })
    const [line] = document<{ outcome: string }[]>(await run('audit', '--tool', 'qicore dlq replay', '--limit', '1', '--json'))
    expect(line).toMatchObject({ outcome: 'done', arguments: { from: '-' } })
  })
})

describe('a replay without enough arguments', () => {
  it.each([
    [[], 'name them with --id, or a file with --from'],
    [['--from', '/no/such/file'], '--from /no/such/file cannot be read'],
    [['--from', '-'], 'stdin: '],
  ])('%j', async (args, message) => {
    const end = await qicore(['dlq', 'replay', '--json', ...args], {
      cwd: project.cwd,
      input: '{"topic":"crypto-prices","valeu":1}',
    })
    expect(end.code).toBe(2)
    expect(failure(end).message).toContain(message)
  })
})
