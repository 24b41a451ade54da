import { writeFile } from 'node:fs/promises'
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { tools } from '../../lib/src/mcp-tools/index.ts'
import { testDatabase } from '../support/database.ts'
import { type LinkedTools, linkedTools } from './consumer/linked.ts'
import { minimalArguments } from './consumer/minimalArguments.ts'

const MOST_TOKENS = 2000
const DOCUMENT = new URL('../../docs/reference/tool-tokens.md', import.meta.url)
const [COINS, PRICES, CANDLES] = [200, 4500, 500]

/** 900,000 prices and 100,000 candles of 200 coins, with figures as long as real ones, up to now. */
const PRICE_ROWS = `insert into crypto_prices (coin_id, source, currency, time, received_at, origin, price, market_cap, volume_24h, change_24h_pct)
select 'coin-' || lpad(c::text, 3, '0'), 'coingecko', 'usd', now() - i * interval '1 minute', now(), 'live',
  1000 + c + (i * 7919 % 1000) / 999.0, 123456789012.123456 + i, 9876543210.98765 + i, ((i + c) * 37 % 1000 - 500) / 71.0
from generate_series(1, ${COINS}) as c, generate_series(0, ${PRICES - 1}) as i`
const CANDLE_ROWS = `insert into ohlcv_data (coin_id, source, currency, timeframe, time, received_at, origin, open, high, low, close, volume, is_final, built_from)
select 'coin-' || lpad(c::text, 3, '0'), 'coingecko', 'usd', '1h', date_trunc('hour', now()) - i * interval '1 hour', now(), 'backfill',
  p, p * 1.0123456789, p * 0.987654321, p * (1 + (i * 31 % 17 - 8) / 1000.0), 1234567.12345678 + i, true, 'provider'
from generate_series(1, ${COINS}) as c, generate_series(1, ${CANDLES}) as i, lateral (select 1000 + c + (i * 7919 % 1000) / 999.0 as p) as x`
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
    const tokens = countTokens(text) + (structured === undefined ? 0 : countTokens(JSON.stringify(structured)))
    measured.push({ name: tool.name, tokens, refused })
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

const documentOf = (measured: readonly { name: string; tokens: number; refused: boolean }[]): string =>
  `${[
    '# Tokens of the tools',
    '',
    '<!-- Written by QICORE_WRITE_TOKENS=1 npm test -- tests/mcp-tools/tokens.test.ts -->',
    '',
    'What the default answer of each tool takes of a context window, text and structure together, in tokens of o200k rounded up to the',
    `next 100, on a store of ${(COINS * (PRICES + CANDLES)).toLocaleString('en')} rows. A test fails where one reaches ${MOST_TOKENS.toLocaleString('en')}.`,
    '',
    '| tool | tokens |',
    '|---|---|',
    ...measured.map(
      ({ name, tokens, refused }) => `| ${name} | ${Math.ceil(tokens / 100) * 100}${refused ? ' (it asks for more)' : ''} |`,
    ),
  ].join('\n')}\n`
