import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { EXIT } from '../../../app/cli/exitCodes.ts'
import {
  encodedBatch,
  formatTime,
  parseTime,
  price,
  type RecordType,
  type SegmentSink,
  silentLogger,
} from '../../../lib/src/base/types/index.ts'
import { file } from '../../../lib/src/consumers/sinks/file/index.ts'
import { aPrice } from '../../database/records.ts'
import { testDatabase } from '../../support/database.ts'
import { recordsIn, segmentFiles } from '../../support/segmentFiles.ts'
import { temporary } from '../../support/temporary.ts'
import { SECRET, verifyingReceiver } from '../../support/webhook.ts'
import { document, qicore, Running } from './qicore.ts'

const { url } = await testDatabase()

async function projectOf(yaml: string) {
  const cwd = await temporary('destination')
  await writeFile(join(cwd, 'qicore.yaml'), yaml)
  return { cwd, run: (...args: readonly string[]) => qicore(args, { cwd, env: { DATABASE_URL: url, QICORE_SOURCES: 'none' } }) }
}

/** Segments of the destination `lake` with a price at each of these times. */
async function keepPrices(home: string, path: string, times: readonly string[]): Promise<void> {
  const context = { name: 'lake', pipeline: 'lake', logger: silentLogger, signal: new AbortController().signal, home }
  const sink = (await file.open(file.config.parse({ path }), { ...context, store: undefined as never })) as SegmentSink
  await using writer = await sink.openLane({ index: 0 })
  const values = times.map((time) => Buffer.from(price.encode(aPrice({ time: parseTime(time) }))))
  const messages = values.map((value, i) => ({ offset: BigInt(i), key: null, value, timestamp: 0 }))
  await writer.add(price as unknown as RecordType, encodedBatch(price.topic, 0, messages))
  await writer.seal(context.signal)
  await sink.close()
}

describe('qicore destination', () => {
  test('list shows each destination with its type and records', async () => {
    const { run } = await projectOf(
      'destinations:\n  lake: { type: file, path: lake, records: [price, trade] }\n  other: { type: file, path: other }\n',
    )
    const listed = document(await run('destination', 'list', '--json'))
    expect(listed).toMatchObject([
      { name: 'timescaledb', type: 'timescaledb' },
      { name: 'lake', type: 'file', records: ['price', 'trade'] },
      { name: 'other', type: 'file' },
    ])
    const { stdout } = await run('destination', 'list')
    expect(stdout).toMatch(/^lake +file +price, trade +Files/m)
    expect(stdout).toMatch(/^other +file +by pipelines +Files/m)
  })

  test('check shows whether each works, and fails if one does not', async () => {
    const { cwd, run } = await projectOf(
      'destinations:\n  lake: { type: file, path: lake }\n  wrong: { type: file, path: taken/below }\n',
    )
    await mkdir(join(cwd, '.qicore'), { recursive: true })
    await writeFile(join(cwd, '.qicore', 'taken'), 'a file where a folder should be')
    expect(await run('destination', 'check', 'lake')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/✔ destination lake .*can be written/),
    })
    const all = await run('destination', 'check')
    expect(all.code).toBe(1)
    expect(all.stdout).toMatch(/✖ destination wrong .*ENOTDIR/)
    expect(all.stdout).toMatch(/✔ destination timescaledb/)
  })

  test('check of an unreachable destination has the reason and a remedy', async () => {
    const { run } = await projectOf(`destinations:
  cache: { type: redis, url: "redis://127.0.0.1:1" }
  house: { type: clickhouse, url: "http://127.0.0.1:1" }
  bucket: { type: s3, bucket: none, endpoint: "http://127.0.0.1:1", access_key_id: a, secret_access_key: not-shown-anywhere }
  desk: { type: notification, slack: { url: "http://127.0.0.1:1/not-shown-anywhere" }, allow: [127.0.0.1] }
`)
    const { code, stdout } = await run('destination', 'check', '--json')
    expect(code).toBe(1)
    expect(stdout).not.toContain('not-shown-anywhere')
    const away = (JSON.parse(stdout) as { checks: { verdict: string; summary: string; remedy?: string }[] }).checks.filter(
      ({ verdict }) => verdict === 'failed',
    )
    expect(away).toHaveLength(4)
    for (const finding of away)
      expect(finding).toMatchObject({
        remedy: expect.stringMatching(/destinations\.(cache|house|bucket|desk)/),
        summary: expect.stringContaining('ECONNREFUSED'),
      })
  })

  test('check of an unknown name lists the known ones', async () => {
    const { run } = await projectOf('destinations:\n  lake: { type: file, path: lake }\n')
    expect(await run('destination', 'check', 'lak')).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('did you mean lake'),
    })
  })

  test('compact makes a file of each past day, one process at a time, and leaves a line in the audit log', async () => {
    const { cwd, run } = await projectOf(
      `destinations:
  lake: { type: file, path: lake }
  hook: { type: webhook, url: 'http://127.0.0.1:9/', secret: ${SECRET}, allow: [127.0.0.1] }
`,
    )
    const root = join(cwd, '.qicore', 'lake')
    const today = new Date().toISOString().slice(0, 10)
    await keepPrices(cwd, root, ['2024-01-05T10:00:00Z', '2024-01-06T10:00:00Z', `${today}T00:00:00Z`])
    const before = document(await run('destination', 'compact', 'lake', '--before', '2024-01-06', '--json'))
    const day = { segments: 1, read: 1, rows: 1 }
    const folder = (date: string) => `price/source=coingecko/date=${date}`
    expect(before).toEqual({
      ...{ ok: true, destination: 'lake', unchanged: 0, failed: [] },
      made: [{ ...day, folder: folder('2024-01-05') }],
    })
    // Two at once: one is refused, or they run one after the other.
    const both = await Promise.all([run('destination', 'compact', 'lake'), run('destination', 'compact', 'lake')])
    const [first] = both.filter(({ code }) => code === 0)
    for (const { code, stderr } of both) if (code !== 0) expect(stderr).toMatch(/is being compacted by another process/)
    expect(both.map(({ stderr }) => stderr).join('')).toContain(
      `${folder('2024-01-06')}: 1 segment, 1 record, 1 record without duplicates`,
    )
    expect(first?.stdout).toMatch(/^lake: [01] days? compacted, [12] unchanged, 0 failed$/m)
    expect((await segmentFiles(`${root}-compacted`)).map((path) => path.slice(root.length + 11))).toEqual(
      ['2024-01-05', '2024-01-06'].map((date) => `${folder(date)}/day.ndjson`),
    )
    expect(await segmentFiles(root)).toHaveLength(3)

    const [segment = ''] = await segmentFiles(root)
    await writeFile(segment, 'damaged')
    await rm(`${root}-compacted`, { recursive: true })
    const failed = await run('destination', 'compact', 'lake')
    expect(failed).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/✖ price.*2024-01-05: .* is damaged: /),
    })
    expect(failed.stdout).toMatch(/^lake: 1 day compacted, 0 unchanged, 1 failed$/m)
    for (const [arguments_, code, message] of [
      [['hook'], 1, 'destination hook has the type webhook, which keeps no segments'],
      [['lake', '--before', '2026-02-30'], 2, '--before: "2026-02-30T00:00:00Z" is not a time'],
      [['lake', '--before', '2200-01-01'], 2, '--before: 2200-01-01 lies in the future'],
    ] as const)
      expect(await run('destination', 'compact', ...arguments_)).toMatchObject({ code, stderr: expect.stringContaining(message) })
    const audit = document<object[]>(await run('audit', '--tool', 'qicore destination compact', '--json'))
    expect(audit[0]).toMatchObject({
      outcome: 'failed',
      arguments: { name: 'lake' },
      error: expect.stringContaining('2024-01-05'),
    })
    expect(audit).toContainEqual(expect.objectContaining({ outcome: 'done', arguments: { name: 'lake', before: '2024-01-06' } }))
  })

  test('compact resumes after Ctrl-C or a kill between two days', async () => {
    const { cwd, run } = await projectOf('destinations:\n  lake: { type: file, path: lake }\n')
    const root = join(cwd, '.qicore', 'lake')
    const times = Array.from({ length: 300 }, (_, i) => formatTime(parseTime('2023-01-01T00:00:00Z') + i * 86_400_000_000))
    await keepPrices(cwd, root, times)
    const raw = await segmentFiles(root)
    let before = 0
    for (const [signal, code] of [
      ['SIGKILL', null],
      ['SIGINT', EXIT.interrupted],
    ] as const) {
      const running = new Running(['destination', 'compact', 'lake'], { cwd, env: { DATABASE_URL: url } })
      await running.line(/^price.*: 1 segment, 1 record, 1 record without duplicates/)
      running.signal(signal)
      expect(await running.ended).toMatchObject({ code })
      const made = (await segmentFiles(`${root}-compacted`)).length
      expect(made).toBeGreaterThan(before)
      expect(made).toBeLessThan(300)
      before = made
    }
    const { made, unchanged } = document<{ made: object[]; unchanged: number }>(
      await run('destination', 'compact', 'lake', '--json'),
    )
    expect([made.length + unchanged, unchanged >= before - 1]).toEqual([300, true])
    const prices = await recordsIn(`${root}-compacted`)
    expect(prices.map(({ time }) => time)).toEqual(times)
    expect(await segmentFiles(root)).toEqual(raw)
    expect(await readdir(join(`${root}-compacted`, '_qicore'))).toEqual(['destination', 'price'])
  })

  test('test sends a ping that the receiver verifies, leaves a line in the audit log, and fails if it does not arrive', async () => {
    const made = await verifyingReceiver()
    const hook = `{ type: webhook, url: '${made.url}/T0KEN', secret: ${SECRET}, allow: [127.0.0.1] }`
    const { run } = await projectOf(
      `destinations:\n  hook: ${hook}\n  lake: { type: file, path: lake }\n  api: { type: rest, url: '${made.url}', allow: [127.0.0.1] }\n`,
    )
    expect(await run('destination', 'test', 'hook')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/✔ destination hook .*took a signed ping \(200\)/),
    })
    expect(made.requests.map(({ path, text }) => [path, text])).toEqual([['/T0KEN', '{"type":"ping","records":[]}']])
    for (const name of ['lake', 'api'])
      expect(document(await run('destination', 'test', name, '--json'))).toMatchObject({
        ok: true,
        test: { name: `destination ${name}`, verdict: 'ok', summary: expect.stringContaining('checked only: type') },
      })
    expect(made.requests).toHaveLength(1)
    made.answer = (_, response) => void response.writeHead(401).end()
    const refused = await run('destination', 'test', 'hook')
    expect(refused).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/✖ destination hook .*answers 401: it does not accept the key/),
    })
    expect(refused.stdout + refused.stderr).not.toContain('T0KEN')
    expect(await run('destination', 'test', 'hok')).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('did you mean hook'),
    })
    expect(document(await run('audit', '--tool', 'qicore destination test', '--json'))).toMatchObject([
      { outcome: 'failed', arguments: { name: 'hook' }, error: expect.stringContaining('answers 401') },
      { outcome: 'done', arguments: { name: 'api' } },
      { outcome: 'done', arguments: { name: 'lake' } },
      { outcome: 'done', face: 'cli', arguments: { name: 'hook' } },
    ])
  })
})
