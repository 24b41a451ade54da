import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet'
import { describe, expect, test } from 'vitest'
import {
  encodedBatch,
  type Price,
  price,
  type QiError,
  type RecordType,
  type SegmentSink,
  silentLogger,
} from '../../lib/src/base/types/index.ts'
import { file } from '../../lib/src/consumers/sinks/file/index.ts'
import { segmentSuite } from '../contracts/segmentSuite.ts'
import { aPrice, MINUTE, MONDAY } from '../database/records.ts'
import { segmentFiles } from '../support/segmentFiles.ts'
import { suiteFolder } from '../support/temporary.ts'

const folder = await suiteFolder('file')
const context = {
  name: 'lake',
  pipeline: 'lake',
  logger: silentLogger,
  signal: new AbortController().signal,
  home: folder,
  store: undefined as never,
}
const open = (settings: Record<string, unknown>, more: Partial<typeof context> = {}) =>
  file.open(file.config.parse(settings), { ...context, ...more }) as Promise<SegmentSink>

const UNPACK = { none: (bytes: Buffer) => bytes, gzip: gunzipSync, zstd: zstdDecompressSync } as const
const read = async (root: string, compression: keyof typeof UNPACK) =>
  Promise.all((await segmentFiles(root)).map(async (path) => UNPACK[compression](await readFile(path)).toString()))

const PRICES = {
  ndjson: (text: string) =>
    text
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { price: string }).price),
  json: (text: string) => (JSON.parse(text) as { price: string }[]).map((one) => one.price),
  csv: (text: string) => {
    const [header = '', ...rows] = text.trimEnd().split('\r\n')
    const at = header.split(',').indexOf('price')
    return rows.map((row) => row.split(',')[at] as string)
  },
} as const

for (const [format, compression] of [
  ['ndjson', 'none'],
  ['json', 'gzip'],
  ['csv', 'zstd'],
] as const) {
  const root = join(folder, format)
  segmentSuite(`files of ${format}, compression ${compression},`, {
    open: () => open({ path: root, format, compression }),
    prices: async () => (await read(root, compression)).flatMap(PRICES[format]),
    empty: () => rm(root, { recursive: true, force: true }),
  })
}

/** The rows of all files, with the values of the `_exact` columns. */
async function rowsOf(root: string): Promise<Record<string, unknown>[]> {
  const files = await Promise.all((await segmentFiles(root)).map(asyncBufferFromFile))
  return (
    await Promise.all(
      files.map((of) => parquetReadObjects({ file: of, compressors: { ZSTD: (bytes) => zstdDecompressSync(bytes) } })),
    )
  ).flat()
}
segmentSuite('files of parquet', {
  open: () => open({ path: join(folder, 'parquet'), format: 'parquet' }),
  prices: async () => (await rowsOf(join(folder, 'parquet'))).map((row) => String(row.price)),
  empty: () => rm(join(folder, 'parquet'), { recursive: true, force: true }),
})

const type = price as unknown as RecordType
const batchOf = (records: readonly Price[], first = 0) =>
  encodedBatch(
    price.topic,
    0,
    records.map((record, i) => ({
      offset: BigInt(first + i),
      key: price.messageKey(record),
      value: Buffer.from(price.encode(record)),
      timestamp: 0,
    })),
  )
const never = new AbortController().signal

describe('files', () => {
  test('lie in folders by type, source and day, and have every digit', async () => {
    const digits = `${'1'.repeat(40)}.${'2'.repeat(39)}3`
    const sink = await open({ path: 'folders', format: 'csv' })
    const writer = await sink.openLane({ index: 0 })
    const late = { source: 'my-venue', coinId: 'x,"y"', time: MONDAY - MINUTE, price: digits }
    const batch = batchOf([aPrice({ time: MONDAY }), aPrice(late), aPrice({ time: MONDAY + MINUTE })])
    expect(await writer.add(type, batch)).toEqual([])
    await writer.seal(never)
    const root = join(folder, 'folders')
    const names = (await segmentFiles(root)).map((path) => path.slice(root.length + 1))
    expect(names).toEqual([
      'price/source=coingecko/date=2026-01-05/lake+crypto-prices+0+00000000000000000000.csv',
      'price/source=my-venue/date=2026-01-04/lake+crypto-prices+0+00000000000000000001.csv',
    ])
    const [own = '', other = ''] = await read(root, 'none')
    expect(other).toContain('"x,""y""",my-venue,2026-01-04T23:59:00Z,')
    expect(other).toContain(digits)
    expect(own.trimEnd().split('\r\n')).toHaveLength(3)
    await sink.close()
  })

  test('a second destination in the folder of another is refused, as is a folder that cannot be written', async () => {
    await open({ path: 'owned' })
    await expect(open({ path: 'owned' }, { name: 'other' })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/^destinations\.other\.path: .* belongs to destination "lake": give each its own folder$/),
    } satisfies Partial<QiError> | object)
    await writeFile(join(folder, 'a file'), '')
    await expect(open({ path: 'a file/below' })).rejects.toThrow(/ENOTDIR/)
  })

  test('two pipelines with different records at the same offsets keep all of them', async () => {
    const root = join(folder, 'pipelines')
    for (const pipeline of ['one', 'two']) {
      const writer = await (await open({ path: root }, { pipeline })).openLane({ index: 0 })
      await writer.add(type, batchOf([aPrice({ coinId: pipeline })]))
      await writer.seal(never)
    }
    expect((await read(root, 'none')).map((text) => (JSON.parse(text) as { coin_id: string }).coin_id)).toEqual(['one', 'two'])
  })

  test('a claim without its file, as after a crash between the two, is completed by the next process', async () => {
    const root = join(folder, 'crash')
    const first = await (await open({ path: root })).openLane({ index: 0 })
    await first.add(type, batchOf([aPrice({ price: '1' }), aPrice({ price: '2', time: MONDAY + MINUTE })]))
    await first.seal(never)
    const [path = ''] = await segmentFiles(root)
    const ledger = join(root, '_qicore', path.slice(root.length + 1)).replace(/\.ndjson$/, '.json')
    const claim = JSON.parse(await readFile(ledger, 'utf8')) as { pending: string }
    // The state before the file was linked among the data.
    await mkdir(join(ledger, '..'), { recursive: true })
    await writeFile(join(ledger, '..', claim.pending), await readFile(path))
    await rm(path)
    const second = await (await open({ path: root })).openLane({ index: 0 })
    await second.add(type, batchOf([aPrice({ price: '1' })]))
    expect((await read(root, 'none')).flatMap(PRICES.ndjson)).toEqual(['1', '2'])
    expect(await second.seal(never)).toEqual([{ topic: price.topic, partition: 0, offset: 1n }])
    expect((await read(root, 'none')).flatMap(PRICES.ndjson)).toEqual(['1', '2'])
  })

  test('a record with newlines becomes one line', async () => {
    const root = join(folder, 'lines')
    const writer = await (await open({ path: root })).openLane({ index: 0 })
    const wire = price.toWire(aPrice({ price: '7' }))
    const value = Buffer.from(JSON.stringify({ ...wire, later: 'kept' }, null, 2))
    await writer.add(type, encodedBatch(price.topic, 0, [{ offset: 0n, key: null, value, timestamp: 0 }]))
    await writer.seal(never)
    const [text = ''] = await read(root, 'none')
    expect(text.match(/\n/g)).toHaveLength(1)
    expect(JSON.parse(text)).toEqual({ ...wire, later: 'kept' })
  })

  test('end by rows, by bytes and by age', async () => {
    const writerOf = async (roll: object) => (await open({ path: 'roll', roll })).openLane({ index: 0 })
    const due = async (roll: object, now = Date.now()) => {
      const writer = await writerOf(roll)
      await writer.add(type, batchOf([aPrice(), aPrice({ time: MONDAY + MINUTE })]))
      return writer.due(now)
    }
    expect(await due({})).toBeUndefined()
    expect(await due({ rows: 2 })).toBe('rows')
    expect(await due({ bytes: '300B' })).toBe('bytes')
    expect(await due({ age: '1h' }, Number.MAX_SAFE_INTEGER)).toBe('age')
  })
})
