import { execFileSync } from 'node:child_process'
import { createWriteStream, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { constants, createGzip, gunzipSync, gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { collect, collectUntilFailure, folderOf, sourceOf } from './replaying.ts'

const CONSTANTS = { source: 'file', coin_id: 'a', currency: 'usd' }
const settings = (files: Readonly<Record<string, string | Buffer>>, more: Record<string, unknown> = {}) => ({
  path: folderOf(files),
  record: 'price',
  constants: CONSTANTS,
  ...more,
})
const row = (i: number) => `${new Date(1_704_067_200_000 + i * 1000).toISOString()},${(i * 7919) % 100_003}`
const table = (rows: number) => `time,price\n${Array.from({ length: rows }, (_, i) => row(i)).join('\n')}\n`

test('a cut archive: its readable records come once, then an error with the line to resume from, and resuming works', async () => {
  const whole = gzipSync(table(60_000))
  const cut = settings({ 'price.csv.gz': whole.subarray(0, Math.floor(whole.length * 0.7)) })
  const { records, rejected, error } = await collectUntilFailure(sourceOf(cut))
  expect(rejected).toEqual([])
  const line = records.length + 2
  expect(error).toMatchObject({ code: 'BAD_DATA', retryable: false })
  expect(error.message).toBe(
    `price.csv.gz:${line}: unexpected end of file; the lines before it are imported; to resume there once the file is complete, set resume: price.csv.gz:${line}`,
  )
  // Nothing that could be unpacked is missing.
  const packed = readFileSync(join(cut.path, 'price.csv.gz'))
  const unpacked = gunzipSync(packed, { finishFlush: constants.Z_SYNC_FLUSH }).toString()
  expect(records).toHaveLength(unpacked.split('\n').length - 2)
  const rest = await collect(sourceOf(settings({ 'price.csv.gz': whole }, { resume: `price.csv.gz:${line}` })))
  expect(records.length + rest.records.length).toBe(60_000)
})

test('a wrong byte within an archive', async () => {
  const bytes = gzipSync(table(60_000))
  bytes.fill(0xff, Math.floor(bytes.length / 2), Math.floor(bytes.length / 2) + 64)
  const { records, error } = await collectUntilFailure(sourceOf(settings({ 'price.csv.gz': bytes })))
  expect(records.length).toBeGreaterThan(10_000)
  expect(error.message).toMatch(/^price\.csv\.gz:\d+: (invalid|incorrect|unexpected)/)
})

test('concatenated archives, and an archive with another ending', async () => {
  const parts = Buffer.concat([gzipSync('time,price\n'), gzipSync(`${row(1)}\n`), gzipSync(`${row(2)}\n`)])
  expect((await collect(sourceOf(settings({ 'price.csv.gz': parts, 'price-2.csv': parts })))).records).toHaveLength(4)
})

test('an archive that unpacks to a huge size is read in bounded memory', async () => {
  const path = join(folderOf({}), 'price.csv.gz')
  const zeros = Buffer.alloc(1024 * 1024, '0')
  const much = function* () {
    yield `time,price\n${row(1)}\n`
    for (let i = 0; i < 200; i++) yield zeros
    yield `\n${row(2)}\n`
  }
  await pipeline(Readable.from(much()), createGzip(), createWriteStream(path))
  const before = process.memoryUsage().rss
  let most = 0
  const source = sourceOf({ path, record: 'price', constants: CONSTANTS })
  const watch = setInterval(() => {
    most = Math.max(most, process.memoryUsage().rss)
  }, 5)
  const { records, rejected } = await collect(source).finally(() => clearInterval(watch))
  expect(records).toHaveLength(2)
  expect(rejected).toEqual([
    { reason: 'price.csv.gz:3: the line is longer than 67108864 bytes', original: expect.stringMatching(/^0{1000}$/) },
  ])
  expect(most - before).toBeLessThan(300 * 1024 * 1024)
})

test.each([
  ['zip', Buffer.from('504b0304140000000800', 'hex'), 'price.csv.gz is compressed by zip, not by gzip'],
  ['zstd', Buffer.from('28b52ffd0458', 'hex'), 'price.csv.gz is compressed by zstd'],
  [
    'UTF-16 with its mark',
    Buffer.from('\uFEFFtime,price\n', 'utf16le'),
    'is UTF-16LE, not UTF-8: convert it with iconv -f UTF-16LE',
  ],
  ['UTF-16, big end first', Buffer.from('\uFEFFtime,price\n', 'utf16le').swap16(), 'is UTF-16BE, not UTF-8'],
  ['UTF-16 without a mark', Buffer.from('time,price\n2024', 'utf16le'), 'is UTF-16LE, not UTF-8'],
  ['packed UTF-16', gzipSync(Buffer.from('\uFEFFtime,price\n', 'utf16le')), 'is UTF-16LE, not UTF-8'],
])('%s is refused by its name', async (_, bytes, message) => {
  await expect(collect(sourceOf(settings({ 'price.csv.gz': bytes })))).rejects.toMatchObject({
    code: 'BAD_DATA',
    message: expect.stringContaining(message),
  })
})

const LATIN1 = Buffer.from('time,price,Währung\n2024-01-01,1.5,x\n2024-01-02,1.6,y\n', 'latin1')

test.each([
  ['Latin-1', LATIN1, /^price\.csv: line 1 is not UTF-8, .*iconv -f LATIN1 -t UTF-8$/],
  ['NUL bytes', 'time,price\0\n2024-01-01,1\n', /^price\.csv: line 1 holds NUL bytes, .*is it a CSV file\?$/],
  ['bare carriage returns', 'time,price\r2024-01-01,1\r', /^price\.csv: line 1 holds bare carriage returns/],
])('a header in %s refuses the whole file', async (_, text, message) => {
  await expect(collect(sourceOf(settings({ 'price.csv': text })))).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringMatching(message),
  })
})

test('a header below skipped lines is reported with its own number; skipped lines may be anything', async () => {
  const text = Buffer.concat([Buffer.from('über\n', 'latin1'), LATIN1])
  await expect(collect(sourceOf(settings({ 'price.csv': text }, { skip_lines: 1 })))).rejects.toThrow('line 2 is not UTF-8')
  const { records } = await collect(sourceOf(settings({ 'price.csv': `über\0\n${table(3)}` }, { skip_lines: 1 })))
  expect(records).toHaveLength(3)
})

test('a later line that is no text is rejected with its number; a byte order mark is not part of the header', async () => {
  const text = Buffer.concat([
    Buffer.from('\uFEFFtime,price\n2024-01-01,1\n'),
    Buffer.from('2024-01-02,\xe4\n', 'latin1'),
    Buffer.from('2024-01-03,1\0\n2024-01-04,2\n'),
  ])
  const { records, rejected } = await collect(sourceOf(settings({ 'price.csv': text })))
  expect(records).toHaveLength(2)
  expect(rejected.map(({ reason }) => reason)).toEqual([
    'price.csv:3: the line is not UTF-8',
    'price.csv:4: the line holds NUL bytes',
  ])
})

test('a quote that is open to the end, over very long lines, is read in bounded memory', async () => {
  const long = 'x'.repeat(700_000)
  const text = `time,price\n2024-01-01,"${long}\n${long}\n2024-01-02,2\n`
  const { records, rejected } = await collect(sourceOf(settings({ 'price.csv': text })))
  expect(records).toHaveLength(1)
  expect(rejected.map(({ reason }) => reason)).toEqual(['price.csv:2: a quoted cell is open for more than 1048576 characters'])
  expect(rejected[0]?.original).toHaveLength(1024 * 1024)
})

test('empty files hold no records, subfolders are skipped, a pipe is refused', async () => {
  const { path, ...rest } = settings({ 'price.csv': '', 'price-2.csv': table(2) })
  mkdirSync(join(path, 'old.csv'))
  expect((await collect(sourceOf({ path, ...rest }))).records).toHaveLength(2)
  const pipe = join(path, 'pipe')
  execFileSync('mkfifo', [pipe])
  await expect(collect(sourceOf({ ...rest, path: pipe }))).rejects.toThrow('is neither a file nor a folder')
})
