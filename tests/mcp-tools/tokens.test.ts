import { writeFile } from 'node:fs/promises'
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ToolDefinition } from '../../lib/src/base/agent/index.ts'
import { inputOf, toolJsonSchema, tools } from '../../lib/src/mcp-tools/index.ts'
import { testDatabase } from '../support/database.ts'
import { type LinkedTools, linkedTools } from './consumer/linked.ts'
import { minimalArguments } from './consumer/minimalArguments.ts'

const MOST_TOKENS = 2000
const MOST_ASKED = 8_000
const DOCUMENT = new URL('../../docs/reference/tool-tokens.md', import.meta.url)
const [COINS, PRICES, CANDLES] = [200, 4500, 500]

/** The numbers of the coins' series: by name a row takes a hundred times as long. */
const numbered = (
  type: string,
  timeframe = '',
): string => `(select c, series_number('${type}', 'coin-' || lpad(c::text, 3, '0'), 'coingecko',
  'usd', '${timeframe}', '', '') as id from generate_series(1, ${COINS}) as c offset 0) as s`

/** 900,000 prices and 100,000 candles of 200 coins, with figures as long as real ones, up to now. */
const PRICE_ROWS = `insert into crypto_prices_rows (series, time, received_at, origin, price, market_cap, volume_24h, change_24h_pct)
select s.id, now() - i * interval '1 minute', now(), 'live',
  1000 + c + (i * 7919 % 1000) / 999.0, 123456789012.123456 + i, 9876543210.98765 + i, ((i + c) * 37 % 1000 - 500) / 71.0
from ${numbered('price')}, generate_series(0, ${PRICES - 1}) as i`
const CANDLE_ROWS = `insert into ohlcv_data_rows (series, timeframe, time, received_at, origin, open, high, low, close, volume, is_final, built_from)
select s.id, '1h', date_trunc('hour', now()) - i * interval '1 hour', now(), 'backfill',
  p, p * 1.0123456789, p * 0.987654321, p * (1 + (i * 31 % 17 - 8) / 1000.0), 1234567.12345678 + i, true, 'provider'
from ${numbered('ohlcv', '1h')}, generate_series(1, ${CANDLES}) as i, lateral (select 1000 + c + (i * 7919 % 1000) / 999.0 as p) as x`
const FIGURE_ROWS = `insert into market_analytics (source, currency, time, received_at, origin, total_market_cap, total_volume_24h, btc_dominance, eth_dominance, active_coins, markets)
select 'coingecko', 'cur' || c, now() - i * interval '1 day', now(), 'live', 3456789012345.123456, 123456789012.123, 57.123456789, 12.123456789, 17000, 1300
from generate_series(1, 60) as c, generate_series(0, 3) as i`

let linked: LinkedTools
beforeAll(async () => {
  const { url } = await testDatabase()
  linked = await linkedTools(url)
  const { pool } = linked.platform.store
  for (const rows of [PRICE_ROWS, CANDLE_ROWS, FIGURE_ROWS]) await pool.query(rows)
  await pool.query('analyze')
})
afterAll(() => linked?.[Symbol.asyncDispose]())

test(`no default answer takes ${MOST_TOKENS} tokens, whatever the store holds`, async () => {
  const measured: { name: string; tokens: number; refused: boolean }[] = []
  for (const tool of tools) {
    const { text, structured, refused } = await linked.ask(tool.name, minimalArguments(tool))
    measured.push({ name: tool.name, tokens: tokensOf(text, structured), refused })
  }
  if (process.env.QICORE_WRITE_TOKENS) await writeFile(DOCUMENT, documentOf(measured))
  expect(measured.filter(({ tokens }) => tokens >= MOST_TOKENS)).toEqual([])
  // The store is as large as it is said to be, and was read.
  expect(measured.find(({ name }) => name === 'get_ohlcv_data')).toMatchObject({ refused: false })
  const { rows } = await linked.platform.store.pool.query(
    'select (select count(*) from crypto_prices) + (select count(*) from ohlcv_data) as n',
  )
  expect(Number(rows[0].n)).toBe(COINS * (PRICES + CANDLES))
})

/** Arguments that say how many items there are to be, at their greatest. */
function greatest(tool: ToolDefinition): Record<string, unknown> {
  const { properties = {} } = toolJsonSchema(inputOf(tool), 'input') as { properties?: Record<string, { maximum?: number }> }
  return Object.fromEntries(
    ['limit', 'most', 'movers', 'lines', 'largest', 'window'].flatMap((name) => {
      const { maximum } = properties[name] ?? {}
      return maximum === undefined ? [] : [[name, maximum]]
    }),
  )
}

test(`no answer takes ${MOST_ASKED} tokens, however much is asked for; what was cut says so`, async () => {
  const measured: { name: string; tokens: number; limits: object; cut: boolean; missing: unknown }[] = []
  for (const tool of tools) {
    const limits = greatest(tool)
    const { text, structured } = await linked.ask(tool.name, { ...minimalArguments(tool), ...limits })
    const { missing = [] } = (structured as { provenance?: { missing?: string[] } } | undefined)?.provenance ?? {}
    const cut = missing.some((gap) => gap.includes('an answer holds about 8,000 tokens'))
    measured.push({ name: tool.name, tokens: tokensOf(text, structured), limits, cut, missing })
  }
  expect(measured.filter(({ tokens }) => tokens >= MOST_ASKED)).toEqual([])
  expect(measured.filter(({ cut }) => cut).map(({ name }) => name)).toEqual(
    expect.arrayContaining(['get_latest_prices', 'get_ohlcv_data', 'timeseries_query', 'get_data_health']),
  )
  // Nothing is cut to a small part of what would fit.
  expect(measured.filter(({ tokens, cut }) => cut && tokens < MOST_ASKED / 2)).toEqual([])
})

test('of an answer that was cut the cursor leads to the rest: every row once', async () => {
  const sql = 'select i, i * 12345 as figure from generate_series(1, 3000) as i order by i'
  const seen: unknown[] = []
  let offset: number | undefined = 0
  while (offset !== undefined) {
    const page: { rows: unknown[][]; next_offset?: number } = await linked.call('timeseries_query', { sql, limit: 1000, offset })
    expect(page.rows.length).toBeLessThan(1000)
    seen.push(...page.rows.map(([i]) => i))
    offset = page.next_offset
  }
  expect(seen).toEqual(Array.from({ length: 3000 }, (_, i) => i + 1))
  const prices: string[] = []
  let after: string | undefined
  do {
    const input = { limit: 100, ...(after !== undefined && { after }) }
    const page = await linked.call<{ items: { coin_id: string }[]; next?: string }>('get_latest_prices', input)
    prices.push(...page.items.map(({ coin_id }) => coin_id))
    after = page.next
  } while (after !== undefined)
  expect(prices.length).toBe(COINS)
  expect(new Set(prices).size).toBe(COINS)
})

test('records of any length: one row, a draft, messages of a topic', async () => {
  const row = await linked.ask('timeseries_query', { sql: "select repeat('wide and long, ', 20000) as text", limit: 1 })
  expect(tokensOf(row.text, row.structured)).toBeLessThan(MOST_ASKED)
  const text = `# ${'a draft that is long\n# '.repeat(9_000)}`
  await linked.call('declare_pipelines', { action: 'save_draft', name: 'long', text, replaces: 0 })
  const draft = await linked.ask('declare_pipelines', { action: 'read_draft', name: 'long' })
  expect(tokensOf(draft.text, draft.structured)).toBeLessThan(MOST_ASKED)
  expect(draft.text).toMatch(/not complete: an answer holds about 8,000 tokens: text \d+ of \d+ characters/)
  const { stream } = linked.platform
  await stream.createTopics(['wide'], { partitions: 3 })
  await stream.append(
    'wide',
    Array.from({ length: 120 }, (_, i) => ({ key: String(i), value: `${i} ${'a message of some length '.repeat(30)}` })),
  )
  const read: string[] = []
  for (let lag = 1; lag > 0; ) {
    const page = await linked.ask('consume_stream_data', { topic: 'wide', group: 'reader', limit: 50 })
    expect(tokensOf(page.text, page.structured)).toBeLessThan(MOST_ASKED)
    const found = page.structured as { records: { key: string }[]; lag: number }
    read.push(...found.records.map(({ key }) => key))
    lag = found.lag
  }
  expect(read.length).toBe(120)
  expect(new Set(read).size).toBe(120)
  const newest = await linked.ask('consume_stream_data', { topic: 'wide', limit: 50 })
  expect(tokensOf(newest.text, newest.structured)).toBeLessThan(MOST_ASKED)
})

const tokensOf = (text: string, structured: unknown): number =>
  countTokens(text) + (structured === undefined ? 0 : countTokens(JSON.stringify(structured)))

const documentOf = (measured: readonly { name: string; tokens: number; refused: boolean }[]): string =>
  `${[
    '# Tokens of the tools',
    '',
    '<!-- Written by QICORE_WRITE_TOKENS=1 npm test -- tests/mcp-tools/tokens.test.ts -->',
    '',
    'What the default answer of each tool takes of a context window, text and structure together, in tokens of o200k rounded up to the',
    `next 100, on a store of ${(COINS * (PRICES + CANDLES)).toLocaleString('en')} rows. A test fails where one reaches ${MOST_TOKENS.toLocaleString('en')}.`,
    `With the greatest limits an answer to a model holds up to ${MOST_ASKED.toLocaleString('en')}: it is cut behind a record, and says so and how to get the rest.`,
    '',
    '| tool | tokens |',
    '|---|---|',
    ...measured.map(
      ({ name, tokens, refused }) => `| ${name} | ${Math.ceil(tokens / 100) * 100}${refused ? ' (it asks for more)' : ''} |`,
    ),
  ].join('\n')}\n`
