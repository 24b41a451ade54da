import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createProgram, everyCommand } from '../../../app/cli/program.ts'
import { openStore } from '../../../lib/src/base/database/index.ts'
import { CsvReader } from '../../../lib/src/base/segments/formats/CsvReader.ts'
import type { Decimal, Ohlcv } from '../../../lib/src/base/types/index.ts'
import { testDatabase } from '../../support/database.ts'
import { document, failure, qicore } from './qicore.ts'

const VERBS = new URL('../../../app/cli/verbs/', import.meta.url)
const sources = await Promise.all(
  (await readdir(VERBS)).map(async (name) => ({ name, text: await readFile(new URL(name, VERBS), 'utf8') })),
)
const tables = sources.filter(({ text }) => /printTable[(<]/.test(text))

describe('tables', () => {
  it('can be printed as CSV: every command that prints a table has --csv', () => {
    expect(tables.filter(({ text }) => !/print(?:Csv|Sections)\(/.test(text)).map(({ name }) => name)).toEqual([])
    const commands: string[] = []
    everyCommand(createProgram(), (command) => {
      if (command.options.some(({ long }) => long === '--csv')) commands.push(command.name())
    })
    const printing = sources.filter(({ text }) => /(?:print|start)Csv\(|printSections\(|printRecent</.test(text))
    expect(commands.length).toBe(printing.length)
  })

  it('have a title for each column', () => {
    for (const { name, text } of tables) expect(text, name).not.toMatch(/title: ''/)
  })
})

describe('--csv', async () => {
  const { url } = await testDatabase()
  const HOUR = 3_600_000_000
  const now = Math.floor(Date.now() / 3_600_000) * HOUR
  const exact = '123456789012345678901234567890.000000000000000000000000000000000000007' as Decimal
  let cwd: string
  beforeAll(async () => {
    cwd = await mkdtemp(join(tmpdir(), 'qicore-csv-'))
    await using store = await openStore({ home: '/nowhere', databaseUrl: url })
    const series = { coinId: 'bit, "coin"', source: 'coingecko', currency: 'usd', origin: 'live' as const }
    const bar = (back: number): Ohlcv => ({
      ...{ ...series, timeframe: '1h', time: now - back * HOUR, receivedAt: now, isFinal: true, builtFrom: 'provider' },
      ...{ open: exact, high: exact, low: exact, close: exact },
    })
    await store.dsl.storeOHLCV([1, 2, 3, 9, 10, 11].map(bar))
    await store.dsl.storePrices([{ ...series, time: now - HOUR, receivedAt: now, price: exact, marketCap: exact }])
  })
  afterAll(() => rm(cwd, { recursive: true, force: true }))
  const ask = (...args: string[]) => qicore(args, { cwd, env: { DATABASE_URL: url, QICORE_SOURCES: 'none' } })

  const COIN = 'bit, "coin"'
  it.each<[string[], (json: never) => readonly object[]]>([
    [['query', 'latest'], ({ items }: { items: object[] }) => items],
    [['query', 'candles', COIN], ({ candles }: { candles: object[] }) => candles],
    [['query', 'indicators', 'ema', COIN, '--period', '2'], ({ points }: { points: object[] }) => points],
    [['query', 'health', '--to', new Date(now / 1000).toISOString()], ({ items }: { items: object[] }) => items],
    [['gaps', '--timeframe', '1h'], ({ items }: { items: object[] }) => items],
    [['store'], ({ tables: all }: { tables: object[] }) => all],
    [['find', 'coin'], (all: object[]) => all],
    [['config', 'show'], ({ settings }: { settings: object[] }) => settings],
  ])('of %j has the rows and fields of --json, by RFC 4180', async (args, rowsOf) => {
    const [csv, json] = await Promise.all([ask(...args, '--csv'), ask(...args, '--json')])
    expect(csv.code, csv.stderr).toBe(0)
    expect(csv.stdout.endsWith('\r\n')).toBe(true)
    const rows = rowsOf(document(json) as never) as readonly Record<string, unknown>[]
    const reader = new CsvReader()
    const [head = [], ...cells] = [...reader.read(Buffer.from(csv.stdout))]
    reader.end()
    expect(rows.length).toBeGreaterThan(0)
    expect(cells.length).toBe(rows.length)
    for (const [i, row] of rows.entries()) {
      // Sizes and ages of the store change from one command to the next.
      for (const [name, value] of Object.entries(row)) {
        expect(head, name).toContain(name)
        if (/bytes|age_seconds|^rows$/.test(name)) continue
        const text = typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value)
        expect(cells[i]?.[head.indexOf(name)], name).toBe(text)
      }
    }
  })

  it('has every digit, and does not go with --json', async () => {
    expect((await ask('query', 'latest', '--csv')).stdout).toContain(`"bit, ""coin"""`)
    expect((await ask('query', 'latest', '--csv')).stdout).toContain(exact)
    const both = await ask('query', 'latest', '--csv', '--json')
    expect([both.code, failure(both).message]).toEqual([2, '--csv does not go with --json: choose one'])
    const tool = await ask('tool', 'get_latest_prices', '--csv')
    expect(tool).toMatchObject({ code: 2, stderr: expect.stringContaining('--csv prints the list of tools alone') })
  })
})
