import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import {
  decimal,
  formatTime,
  type InteractionParser,
  parseTime,
  type RecordBatch,
  type RecordedInteraction,
  silentLogger,
} from '../../lib/src/base/types/index.ts'
import { ReplaySource, replay } from '../../lib/src/publishers/sources/replay/index.ts'
import { readInteraction } from '../../lib/src/streaming/platform/sources/interactions.ts'
import { describeWith, recordedData } from '../support/services.ts'
import { temporary } from '../support/temporary.ts'

/** The cells of a file, read in the plainest way. */
function cellsOf(path: string): string[][] {
  const bytes = readFileSync(join(recordedData, path))
  const text = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString()
  const rows = text.trimEnd().split(/\r?\n/)
  return rows.slice(1).map((line) => line.split(','))
}

async function pulled(path: string, settings: Record<string, unknown>, parser?: InteractionParser) {
  const source = new ReplaySource({
    config: replay.config.parse({ path: join(recordedData, path), ...settings }),
    logger: silentLogger,
    parser,
  })
  const batches: RecordBatch[] = []
  for await (const batch of source) batches.push(batch)
  for (const { type, records } of batches) for (const record of records) type.check(record)
  return batches
}

async function replayed(path: string, settings: Record<string, unknown>, parser?: InteractionParser) {
  const batches = await pulled(path, settings, parser)
  expect(batches.flatMap(({ rejected = [] }) => rejected)).toEqual([])
  return batches.flatMap(({ records }) => records)
}

const exact = (cells: readonly (string | undefined)[]): string[] => cells.map((cell) => decimal(cell ?? ''))

describeWith('recorded-data', 'recorded series, replayed: every figure is the text of the file', () => {
  test('daily prices of 25 coins in three currencies', async () => {
    const folder = 'coingecko-daily-2025'
    const files = readdirSync(join(recordedData, folder)).filter((name) => name.includes('_daily_price_'))
    expect(files.length).toBeGreaterThan(24)
    for (const file of files)
      for (const [column, currency] of ['usd', 'eur', 'chf'].entries()) {
        const records = await replayed(`${folder}/${file}`, {
          record: 'price',
          columns: { date: 'time', coingecko_coin_id: 'coin_id', [`price_${currency}`]: 'price' },
          constants: { source: 'coingecko', currency },
          time_format: 'd-m-y',
        })
        expect(records.map(({ coinId, price, time }) => [coinId, price, formatTime(time as number).slice(0, 10)])).toEqual(
          cellsOf(`${folder}/${file}`).map((cells) => [
            cells[1],
            ...exact([cells[4 + column]]),
            cells[0]?.split('-').reverse().join('-'),
          ]),
        )
        expect(records.every((record) => record.origin === 'replay' && record.currency === currency)).toBe(true)
      }
  })

  test('hourly prices with a zone', async () => {
    const path = 'coingecko-daily-2025/nym_usd_2025_hourly_price_data_provided_by_coingecko.csv.gz'
    const records = await replayed(path, {
      record: 'price',
      columns: { datetime: 'time', coin_symbol: 'coin_id', price_usd: 'price' },
      constants: { source: 'coingecko', currency: 'usd' },
    })
    expect(records.map(({ price, time }) => [price, time])).toEqual(
      cellsOf(path).map(([time = '', , price]) => [...exact([price]), parseTime(time.replace(' UTC', 'Z'))]),
    )
  })

  test.each([
    ['ohlcv-basana/binance_btcusdt_day_2020.csv', 'datetime', '1d'],
    ['ohlcv-basana/bitstamp_btcusd_min_2020_01_01.csv', 'datetime', '1m'],
    ['ohlcv-nautilus/btc-perp-20211231-20220201_1m.csv.gz', 'timestamp', '1m'],
  ])('candles of %s', async (path, column, timeframe) => {
    const records = await replayed(path, {
      record: 'ohlcv',
      columns: { [column]: 'time' },
      constants: { source: 'exchange', coin_id: 'BTC/USDT', currency: 'USDT', timeframe },
    })
    const cells = cellsOf(path)
    expect(records).toHaveLength(cells.length)
    expect(records.map(({ open, high, low, close, volume, time }) => [open, high, low, close, volume, time])).toEqual(
      cells.map(([time = '', ...figures]) => [...exact(figures), parseTime(`${time}Z`)]),
    )
  })

  test('recorded answers keep their order and times', async () => {
    const seen: RecordedInteraction[] = []
    const parser: InteractionParser = (interaction) => {
      seen.push(interaction)
      return []
    }
    await replayed('coingecko-vcr-2021/interactions.ndjson.gz', { format: 'interactions' }, parser)
    expect(seen).toHaveLength(67)
    expect(
      seen.every(({ request, response }) => request.url.startsWith('https://api.coingecko.com/') && response.status >= 200),
    ).toBe(true)
  })

  test('recorded answers of CoinGecko become records', async () => {
    const batches = await pulled('coingecko-vcr-2021/interactions.ndjson.gz', { format: 'interactions' }, readInteraction)
    const records = batches.flatMap((batch) => batch.records)
    expect(new Set(batches.map(({ type }) => type.name))).toEqual(
      new Set(['price', 'ohlcv', 'market_analytics', 'trending', 'instrument']),
    )
    expect(records.every(({ source, origin }) => source === 'coingecko' && origin === 'replay')).toBe(true)
    expect(records.length).toBeGreaterThan(1000)
    // Currencies that CoinGecko has no figures in were asked for, which is nobody's bad data.
    expect(batches.flatMap(({ rejected = [] }) => rejected)).toEqual([])
  })

  test('an answer of an unknown provider is rejected with its host', async () => {
    const source = new ReplaySource({
      config: replay.config.parse({ path: await recordedByAnother(), format: 'interactions' }),
      logger: silentLogger,
      parser: readInteraction,
    })
    const batches: RecordBatch[] = []
    for await (const batch of source) batches.push(batch)
    expect(batches.flatMap(({ rejected = [] }) => rejected.map(({ reason }) => reason))).toEqual([
      expect.stringContaining('no source type parses answers of api.example.com'),
    ])
  })
})

async function recordedByAnother(): Promise<string> {
  const path = join(await temporary('interactions'), 'one.ndjson')
  const exchange = {
    recorded_at: '2026-01-01T00:00:00Z',
    request: { method: 'GET', url: 'https://api.example.com/prices' },
    response: { status: 200, headers: {}, body: '{}' },
  }
  writeFileSync(path, `${JSON.stringify(exchange)}\n`)
  return path
}
