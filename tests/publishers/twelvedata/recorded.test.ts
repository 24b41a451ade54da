import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type ExactJson, JsonNumber, parseExactJson, type QiError, type Timeframe } from '../../../lib/src/base/types/index.ts'
import { answerError, isErrorBody } from '../../../lib/src/publishers/sources/twelvedata/errors.ts'
import type { Listing } from '../../../lib/src/publishers/sources/twelvedata/listing.ts'
import { parseIndicator } from '../../../lib/src/publishers/sources/twelvedata/parse/indicator.ts'
import { parseQuote } from '../../../lib/src/publishers/sources/twelvedata/parse/quote.ts'
import { parseSymbols } from '../../../lib/src/publishers/sources/twelvedata/parse/symbols.ts'
import { parseTimeSeries } from '../../../lib/src/publishers/sources/twelvedata/parse/timeSeries.ts'
import { parseUsage } from '../../../lib/src/publishers/sources/twelvedata/parse/usage.ts'
import { describeWith, recordedData } from '../../support/services.ts'
import { recordedErrors, recordedText } from '../coingecko/recorded.ts'

const IBM = 'twelvedata-ibm-2021-07'
const SHARP = 'twelvedata-sharp-2021-03'
const INDICATORS = 'twelvedata-indicators-2025-08'
const seen = { source: 'twelvedata', receivedAt: 1_767_355_800_000_000, origin: 'live' } as const
const body = (path: string): ExactJson => parseExactJson(recordedText(path))
const names = (folder: string): string[] => readdirSync(join(recordedData, folder)).filter((name) => name.endsWith('.json'))
const listing = (symbol: string): Listing => ({
  coinId: `${symbol}:XNYS`,
  symbol,
  name: symbol,
  exchange: 'NYSE',
  currency: 'USD',
})

interface Row {
  readonly [name: string]: ExactJson
}

const isRefused = (path: string): boolean => isErrorBody(body(path))

describeWith('recorded-data', 'every recorded body of Twelve Data', () => {
  const indicators = () =>
    names(INDICATORS).filter((name) => {
      const { meta } = body(`${INDICATORS}/${name}`) as { meta?: { indicator?: ExactJson } }
      return meta?.indicator !== undefined
    })

  test('102 indicators of 2025 and two of 2021: every value with its digits, oldest first', () => {
    const paths = [
      ...indicators().map((name) => `${INDICATORS}/${name}`),
      `${SHARP}/GetAdxValuesAsync_Success.json`,
      `${SHARP}/GetBollingerBandsAsync_Success.json`,
    ]
    expect(paths).toHaveLength(104)
    for (const path of paths) {
      const sent = (body(path) as { values: Row[] }).values.map(({ datetime, ...figures }) => [
        Date.parse(`${String(datetime).replace(' ', 'T')}${String(datetime).length > 10 ? 'Z' : ''}`) * 1000,
        Object.fromEntries(
          Object.entries(figures).map(([name, value]) => [name, value instanceof JsonNumber ? value.source : value]),
        ),
      ])
      const parsed = parseIndicator(body(path))
      expect(
        parsed.rows.map(({ time, values }) => [time, values]),
        path,
      ).toEqual(sent.reverse())
      expect(parsed.rows.length, path).toBeGreaterThan(0)
      expect(parsed.name, path).not.toBe('')
    }
  })

  test('the other bodies of 2025 are of endpoints that are not read: none is taken for an error', () => {
    const others = names(INDICATORS).filter((name) => !indicators().includes(name))
    expect(others.sort()).toEqual([
      'countries.json',
      'cross_listings.json',
      'currency_conversion.json',
      'exchange_rate.json',
      'exchange_schedule.json',
      'instrument_type.json',
      'last_changes.json',
      'market_movers_stocks.json',
      'statistics.json',
      'technical_indicators.json',
      'time_series_cross.json',
    ])
    expect(others.filter((name) => isRefused(`${INDICATORS}/${name}`))).toEqual([])
    expect(() => parseTimeSeries(body(`${INDICATORS}/time_series_cross.json`), asked('BTC/USD', '1m'), seen)).toThrow(
      /symbol|is of/,
    )
  })

  const asked = (symbol: string, timeframe: Timeframe) => ({ listing: listing(symbol), timeframe, settle: 0 })

  test.each([
    [`${IBM}/time_series.json`, 'IBM', '1d'],
    [`${SHARP}/GetTimeSeriesAsync_Success.json`, 'AAPL', '1m'],
  ] as const)('bars: %s', (path, symbol, timeframe) => {
    const sent = (body(path) as { values: Row[] }).values
    const { records, rejected } = parseTimeSeries(body(path), asked(symbol, timeframe), seen)
    expect(rejected).toEqual([])
    expect(records).toHaveLength(sent.length)
    expect(records.map(({ close, volume }) => [Number(close), volume]).reverse()).toEqual(
      sent.map(({ close, volume }) => [Number(close), volume]),
    )
    expect(records.every(({ isFinal, currency }) => isFinal && currency === 'USD')).toBe(true)
  })

  test('quotes, the listings of IBM, and the credits', () => {
    expect(parseQuote(body(`${IBM}/quote.json`), listing('IBM'), seen).records).toMatchObject([
      { price: '146.84', time: Date.parse('2021-07-01') * 1000, currency: 'USD' },
    ])
    expect(parseQuote(body(`${SHARP}/GetQuote_Success.json`), listing('AAPL'), seen).records).toMatchObject([{ price: '127.79' }])
    const listings = parseSymbols(body(`${IBM}/symbol_search.json`))
    expect(listings).toHaveLength(21)
    expect(listings.filter(({ symbol }) => symbol === 'IBM').map(({ currency }) => currency)).toEqual([
      'ARS',
      'MXN',
      'EUR',
      'EUR',
      'USD',
      'USD',
    ])
    expect(parseUsage(body(`${IBM}/api_usage.json`))).toEqual({ minuteUsed: 0, minuteLimit: 8, dayUsed: 36, dayLimit: 800 })
  })

  test('every error body, whatever its status', () => {
    const code = (path: string, status: number): QiError['code'] => answerError({ status, body: recordedText(path) }, '/x').code
    const refused = names(SHARP).filter((name) => isRefused(`${SHARP}/${name}`))
    expect(refused).toHaveLength(10)
    for (const name of refused)
      expect(code(`${SHARP}/${name}`, 200), name).toBe(name.includes('BadApiKey') ? 'UNAUTHORIZED' : 'NOT_FOUND')
    expect(code(`${IBM}/not_found_response_error.json`, 404)).toBe('NOT_FOUND')
    expect(code(`${IBM}/page_not_found_response_error.plain`, 404)).toBe('NOT_FOUND')
    expect(code(`${IBM}/unauthorized_response_error.json`, 401)).toBe('UNAUTHORIZED')
    expect(answerError({ status: 400, body: recordedText(`${IBM}/bad_request_response_error.json`) }, '/x')).toMatchObject({
      code: 'BAD_REQUEST',
      field: 'interval',
    })
    const limited = recordedErrors().filter(({ service, body: text }) => service === 'twelvedata' && text?.includes('"code":429'))
    expect(limited).toHaveLength(1)
    for (const { http_status: status, body: text = '' } of limited)
      expect(answerError({ status, body: text }, '/x')).toMatchObject({ code: 'RATE_LIMITED', retryable: true })
  })
})
