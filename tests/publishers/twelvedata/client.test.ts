import { describe, expect, test } from 'vitest'
import { parseTime, type QiError } from '../../../lib/src/base/types/index.ts'
import { config } from '../../../lib/src/publishers/sources/twelvedata/config.ts'
import { answerError } from '../../../lib/src/publishers/sources/twelvedata/errors.ts'
import { TwelveDataDSL } from '../../../lib/src/publishers/sources/twelvedata/TwelveDataDSL.ts'
import { clientOf, KEY, listed, twelveData } from './server.ts'

const failure = (promise: Promise<unknown>): Promise<QiError> =>
  promise.then(
    () => {
      throw new Error('it did not fail')
    },
    (error: QiError) => error,
  )

describe('errors of Twelve Data', () => {
  const now = Date.parse('2026-01-02T10:20:30.500Z')
  const read = (status: number, body: string) => answerError({ status, body }, '/quote', now)

  test('credits of the minute come back at the next full minute, those of the day at midnight UTC', () => {
    const minute = '{"code":429,"message":"You have run out of API credits for the current minute.","status":"error"}'
    const day = '{"code":429,"message":"You have run out of API credits for the day.","status":"error"}'
    for (const status of [200, 429]) {
      expect(read(status, minute)).toMatchObject({ code: 'RATE_LIMITED', retryable: true, retryAfterMs: 30_500 })
      expect(read(status, day)).toMatchObject({ code: 'RATE_LIMITED', retryAfterMs: (13 * 3600 + 39 * 60 + 30) * 1000 + 500 })
    }
  })

  test.each([
    [401, '{"code":401,"message":"**apikey** parameter is incorrect","status":"error"}', { code: 'UNAUTHORIZED' }],
    [403, '{"code":403,"message":"available starting with Pro","status":"error"}', { code: 'FORBIDDEN' }],
    [200, '{"code":403,"message":"available starting with Pro","status":"error"}', { code: 'FORBIDDEN' }],
    [404, '404 page not found', { code: 'NOT_FOUND' }],
    [
      200,
      '{"code":400,"message":"Invalid **interval** provided: 1ms.","status":"error"}',
      { code: 'BAD_REQUEST', field: 'interval' },
    ],
    [200, '{"code":400,"message":"**symbol** not found: FAKE.","status":"error"}', { code: 'NOT_FOUND', field: 'symbol' }],
    [414, '{"code":414,"message":"too long","status":"error"}', { code: 'BAD_REQUEST' }],
    [200, '{"code":500,"message":"internal","status":"error"}', { code: 'UNAVAILABLE', retryable: true }],
    [502, '<html><title>Bad gateway</title></html>', { code: 'UNAVAILABLE', retryable: true }],
    [200, '{"status":"error"}', { code: 'BAD_DATA' }],
  ])('HTTP %i %s', (status, body, expected) => {
    expect(read(status, body)).toMatchObject(expected)
  })

  test('an error in a body of status 200 is a failure of the call, also beside a meta', async () => {
    const server = await twelveData({
      answer: ({ path }) =>
        path === '/quote'
          ? '{"code":400,"message":"Invalid **dp** provided","status":"error","meta":{"symbol":"TA","interval":"","exchange":""}}'
          : undefined,
    })
    const client = clientOf(server)
    const error = await failure(client.resolve('TA:XNAS').then((listing) => client.quote(listing)))
    expect(error).toMatchObject({ code: 'BAD_REQUEST', field: 'dp' })
  })

  test('the key is in a header alone: in no URL, and in no error, even where the service repeats it', async () => {
    const server = await twelveData({
      answer: () => ({ status: 401, body: `{"code":401,"message":"wrong ${KEY}","status":"error"}` }),
    })
    const error = await failure(clientOf(server).apiUsage())
    expect(error.code).toBe('UNAUTHORIZED')
    expect(
      JSON.stringify([error, error.message, String(error.stack), server.asked.map(({ path, query }) => path + query)]),
    ).not.toContain(KEY)
    expect(server.asked[0]?.authorization).toBe(`apikey ${KEY}`)
    expect(() => clientOf(server, { apiKey: 'two words' })).toThrow(/holds a character that no key has/)
  })
})

describe('symbols', () => {
  const rows = [
    listed('VOD', 'LSE', 'XLON', 'United Kingdom', 'GBp'),
    listed('VOD', 'NASDAQ', 'XNGS', 'United States', 'USD'),
    listed('VODI', 'BMV', 'XMEX', 'Mexico', 'MXN'),
  ]
  const server = () =>
    twelveData({ answer: ({ path }) => (path === '/symbol_search' ? JSON.stringify({ data: rows }) : undefined) })

  test('an ambiguous or unknown symbol lists the candidates with exchange, country and currency', async () => {
    const client = clientOf(await server())
    expect(await failure(client.resolve('VOD', 'sources.td.symbols'))).toMatchObject({
      code: 'CONFIG_INVALID',
      field: 'sources.td.symbols',
      message:
        'sources.td.symbols: "VOD" is listed more than once: name one of VOD:XLON (LSE, United Kingdom, GBp); VOD:XNAS (NASDAQ, United States, USD)',
    })
    expect((await failure(client.resolve('VOD:XPAR'))).message).toMatch(/lists no "VOD" at XPAR: name one of VOD:XLON/)
    expect((await failure(client.resolve('VO'))).message).toMatch(/lists no "VO": name one of/)
  })

  test('a segment of NASDAQ is folded into its exchange, and asked for by its own code', async () => {
    const fake = await server()
    const client = clientOf(fake)
    for (const name of ['VOD:XNAS', 'VOD:XNGS', 'VOD:NASDAQ', 'vod:nasdaq'])
      expect(await client.resolve(name)).toMatchObject({ coinId: 'VOD:XNAS', micCode: 'XNGS' })
    await client.quote(await client.resolve('VOD:XNAS'))
    expect(fake.asked.at(-1)?.query.get('mic_code')).toBe('XNGS')
    const { records } = await client.instrument('VOD:XNAS')
    expect(records).toMatchObject([
      {
        kind: 'security',
        coinId: 'VOD:XNAS',
        mic: 'XNAS',
        calendar: 'XNAS',
        assetClass: 'stock',
        currency: 'USD',
        timezone: 'America/New_York',
      },
    ])
  })

  test('pence stay pence', async () => {
    const client = clientOf(await server())
    expect((await client.instrument('VOD:XLON')).records).toMatchObject([{ currency: 'GBp', mic: 'XLON', calendar: 'XLON' }])
  })

  test('a listing is asked for once, however it is named', async () => {
    const fake = await server()
    const client = clientOf(fake)
    await Promise.all([client.resolve('VOD:XLON'), client.resolve('VOD:XLON')])
    await client.resolve('VOD:XLON')
    expect(fake.asked).toHaveLength(1)
  })

  test('currencies and crypto are pairs with hours of their own', async () => {
    const pair = (symbol: string, exchange: string, type: string) => ({
      ...listed(symbol, exchange, exchange.toUpperCase(), '', ''),
      instrument_type: type,
      currency: symbol.split('/')[1],
    })
    const data = [
      pair('EUR/USD', 'PHYSICAL CURRENCY', 'Physical Currency'),
      pair('BTC/USD', 'Coinbase Pro', 'Digital Currency'),
      pair('BTC/USD', 'Binance', 'Digital Currency'),
    ]
    const server = await twelveData({ answer: ({ path }) => (path === '/symbol_search' ? JSON.stringify({ data }) : undefined) })
    const client = clientOf(server)
    expect((await client.instrument('EUR/USD')).records).toMatchObject([
      { coinId: 'EUR/USD', kind: 'pair', base: 'EUR', quote: 'USD', calendar: 'fx', assetClass: 'forex', currency: 'USD' },
    ])
    expect((await client.instrument('BTC/USD:Coinbase Pro')).records).toMatchObject([
      { coinId: 'BTC/USD', exchange: 'Coinbase Pro', calendar: '24x7', assetClass: 'crypto' },
    ])
    expect((await failure(clientOf(server).resolve('BTC/USD'))).message).toMatch(/BTC\/USD:Coinbase Pro .*; BTC\/USD:Binance/)
  })
})

describe('bars', () => {
  test('a bar that runs, or has just closed, is not final', async () => {
    const server = await twelveData()
    const [from, to] = [parseTime('2025-11-28T00:00:00Z'), parseTime('2025-11-29T00:00:00Z')]
    const year = 365 * 86_400 * 1_000_000
    const bars = async (settle: number) => {
      const client = clientOf(server, { settle })
      return (await client.bars(await client.resolve('TA:XNAS'), '1h', { from, to }))?.records
    }
    const settled = await bars(0)
    // The day after Thanksgiving closes at 13:00 in New York.
    expect(settled?.map(({ time }) => time)).toEqual(
      ['14:30', '15:30', '16:30', '17:30'].map((at) => parseTime(`2025-11-28T${at}:00Z`)),
    )
    expect(settled?.every(({ isFinal }) => isFinal)).toBe(true)
    expect((await bars(5 * year))?.some(({ isFinal }) => isFinal)).toBe(false)
  })

  test('times are asked for in UTC, sessions by their date, raw unless it is said', async () => {
    const server = await twelveData()
    const client = clientOf(server)
    const listing = await client.resolve('TA:XNAS')
    const range = { from: parseTime('2025-03-07T00:00:00Z'), to: parseTime('2025-03-11T00:00:00Z') }
    const hours = await client.bars(listing, '1h', range)
    const days = await client.bars(listing, '1d', range)
    // Clocks changed on 9 March.
    expect(hours?.records[0]?.time).toBe(parseTime('2025-03-07T14:30:00Z'))
    expect(hours?.records.at(-1)?.time).toBe(parseTime('2025-03-10T19:30:00Z'))
    expect(days?.records.map(({ time }) => time)).toEqual([parseTime('2025-03-07T00:00:00Z'), parseTime('2025-03-10T00:00:00Z')])
    expect(Object.fromEntries(server.asked[1]?.query ?? [])).toEqual({
      symbol: 'TA',
      mic_code: 'XNGS',
      interval: '1h',
      adjust: 'none',
      start_date: '2025-03-07T00:00:00',
      end_date: '2025-03-10T23:59:59',
      timezone: 'UTC',
    })
    expect(server.asked[2]?.query.get('end_date')).toBe('2025-03-10')
    expect(server.asked[2]?.query.has('timezone')).toBe(false)
  })

  test('an answer about another series is refused', async () => {
    const client = clientOf(
      await twelveData({
        answer: ({ path }) =>
          path === '/time_series' ? '{"meta":{"symbol":"TB","interval":"1h"},"values":[],"status":"ok"}' : undefined,
      }),
    )
    const error = await failure(client.resolve('TA:XNAS').then((listing) => client.bars(listing, '1h', { last: 3 })))
    expect(error).toMatchObject({ code: 'BAD_DATA', message: 'the answer is of TB 1h, expected TA 1h' })
  })
})

describe('the verbs', () => {
  test('an indicator is answered with the digits of the provider', async () => {
    const server = await twelveData({
      answer: ({ path }) =>
        path === '/macd'
          ? '{"meta":{"symbol":"TA","interval":"1day","indicator":{"name":"MACD","fast_period":12}},"values":[{"datetime":"2025-08-12","macd":"-0.115796040000000000001","macd_hist":1.50}],"status":"ok"}'
          : undefined,
    })
    const dsl = new TwelveDataDSL(clientOf(server))
    expect(await dsl.getIndicator({ symbol: 'TA:XNAS', name: 'macd', params: { fast_period: 12 } })).toEqual({
      source: 'twelvedata',
      coinId: 'TA:XNAS',
      name: 'MACD',
      timeframe: '1d',
      params: { fast_period: '12' },
      rows: [{ time: '2025-08-12T00:00:00Z', values: { macd: '-0.115796040000000000001', macd_hist: '1.50' } }],
    })
    await expect(dsl.getIndicator({ symbol: 'TA:XNAS', name: '../x' })).rejects.toMatchObject({
      code: 'BAD_REQUEST',
      field: 'name',
    })
  })

  test('prices, candles and listings', async () => {
    const dsl = new TwelveDataDSL(clientOf(await twelveData()))
    const { records } = await dsl.getCurrentPrices({ symbols: ['TA:XNAS', 'TB:XNAS'] })
    expect(records).toMatchObject([
      { coinId: 'TA:XNAS', price: '93.5', currency: 'USD', time: 1_767_387_540_000_000 },
      { coinId: 'TB:XNAS' },
    ])
    const candles = await dsl.getOHLCVData({
      symbol: 'TA:XNAS',
      timeframe: '1d',
      from: '2025-01-06T00:00:00Z',
      to: '2025-01-11T00:00:00Z',
    })
    // 9 January 2025 was a day of mourning.
    expect(candles.records.map(({ time }) => new Date(time / 1000).getUTCDate())).toEqual([6, 7, 8, 10])
    expect(await dsl.searchSymbols({ query: 'TA' })).toMatchObject([{ coinId: 'TA:XNAS', exchange: 'NASDAQ' }])
  })
})

test('intervals that exceed the credits of the plan are refused with the arithmetic', () => {
  const symbols = Array.from({ length: 10 }, (_, i) => `T${i}:XNAS`)
  const given = (intervals: object) => config.safeParse({ api_key: KEY, symbols, intervals })
  expect(given({ quotes: 60 }).error?.issues[0]?.message).toMatch(
    /^quotes 10 every 60 s .*credits a day, but the account has 8 a minute and 800 a day/,
  )
  expect(given({}).success).toBe(true)
})
