import { describe, expect, test } from 'vitest'
import { Coverage } from '../../lib/src/base/database/index.ts'
import { CALENDARS, encodedBatch, instrument, type Ohlcv, ohlcv, type Price, parseTime } from '../../lib/src/base/types/index.ts'
import { ASKED, OFFICE } from '../support/calendars.ts'
import { aBar, aPrice, MINUTE } from './records.ts'
import { testStore } from './testStore.ts'

const calendars = [...CALENDARS, OFFICE, ASKED]
const store = await testStore({ calendars })
const { dsl } = store
const coverage = await Coverage.open(store.pool, calendars)
/** Done before the first read: the calendars of sources are cached for ten seconds. */
await coverage.introduce('exchange', { calendar: 'office', cadence: { price: MINUTE } })
await coverage.introduce('asked', { calendar: 'asked' })

/** A pair of the exchange that is traded around the clock. */
await store.timescale.upsert(instrument, [
  {
    coinId: 'round-the-clock',
    source: 'exchange',
    time: 0,
    receivedAt: 0,
    origin: 'live',
    kind: 'pair',
    symbol: 'RTC',
    name: 'Round the clock',
    calendar: '24x7',
    active: true,
  },
])

const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const at = parseTime
/** Friday and the Monday after it: two sessions, and a weekend between. */
const FRIDAY = at('2026-01-09T00:00:00Z')
const MONDAY = FRIDAY + 3 * DAY
const session = (day: number) => ({ from: day + 14.5 * HOUR, to: day + 21 * HOUR })

const minutesOf = ({ from, to }: { from: number; to: number }) =>
  Array.from({ length: (to - from) / MINUTE }, (_, i) => from + i * MINUTE)
const bars = (coinId: string, times: readonly number[], more: Partial<Ohlcv> = {}) =>
  times.map((time) => aBar({ coinId, source: 'exchange', ...(more as object), time }))
const prices = (coinId: string, times: readonly number[], source = 'exchange'): Price[] =>
  times.map((time, i) => aPrice({ coinId, source, time, price: `${100 + (i % 7)}` }))
const gapsOf = async (coin: string) => {
  const [series] = await coverage.list({ sources: ['exchange'], coins: [coin] })
  return series?.gaps.map(({ from, to }) => [from, to])
}
const candles = async (coin: string, timeframe: '1h' | '1d' | '1w') =>
  (await dsl.getOHLCV({ coin, timeframe })).candles.map(({ time, covered, isFinal }) => [time, covered, isFinal])

const BOTH = [...minutesOf(session(FRIDAY)), ...minutesOf(session(MONDAY))]

describe('gaps', () => {
  test('a night and a weekend between bars are no gap; a missing bar of a session is one', async () => {
    await dsl.storeOHLCV(bars('whole', BOTH))
    expect(await gapsOf('whole')).toEqual([])
    const missing = session(MONDAY).from + 30 * MINUTE
    await dsl.storeOHLCV(
      bars(
        'holed',
        BOTH.filter((time) => time !== missing),
      ),
    )
    expect(await gapsOf('holed')).toEqual([[missing, missing + MINUTE]])
  })

  test('the calendar of a pair overrides that of its source', async () => {
    await dsl.storeOHLCV(bars('round-the-clock', BOTH))
    expect(await gapsOf('round-the-clock')).toEqual([[session(FRIDAY).to, session(MONDAY).from]])
    expect((await candles('round-the-clock', '1d')).map(([, covered]) => covered)).toEqual([6.5 / 24, 6.5 / 24])
    expect((await dsl.listInstruments({ search: 'round-the-clock' })).items).toMatchObject([{ calendar: '24x7' }])
  })

  test('a daily bar is not missing on a day without a session', async () => {
    await dsl.storeOHLCV(bars('daily', [FRIDAY, MONDAY], { timeframe: '1d' }))
    expect(await gapsOf('daily')).toEqual([])
  })

  test('only the open hours of a silence count', async () => {
    await dsl.storePrices(prices('ticking', BOTH))
    expect(await gapsOf('ticking')).toEqual([])
    const late = session(MONDAY).from + 10 * MINUTE
    await dsl.storePrices(
      prices(
        'late',
        BOTH.filter((time) => time < session(MONDAY).from || time >= late),
      ),
    )
    // One minute before the close and ten minutes after the open are longer than three minutes together.
    expect(await gapsOf('late')).toEqual([
      [session(FRIDAY).to - MINUTE + 1, session(FRIDAY).to],
      [session(MONDAY).from, late],
    ])
  })
})

describe('candles', () => {
  test('a day whose session is covered is complete, from bars and from prices', async () => {
    await dsl.storeOHLCV(bars('built', BOTH))
    expect(await candles('built', '1d')).toEqual([
      [FRIDAY, 1, true],
      [MONDAY, 1, true],
    ])
    // The hours of the open and of the close, too.
    expect((await candles('built', '1h')).every(([, covered]) => covered === 1)).toBe(true)
    await dsl.storePrices(prices('priced', BOTH))
    expect(await candles('priced', '1d')).toEqual([
      [FRIDAY, 1, true],
      [MONDAY, 1, true],
    ])
    expect(await candles('priced', '1w')).toEqual([
      [FRIDAY - 4 * DAY, 1 / 5, true],
      [MONDAY, 1 / 5, true],
    ])
  })

  const CLOSE = session(FRIDAY).to
  const daily = (coinId: string, receivedAt: number) =>
    bars(coinId, [FRIDAY], { timeframe: '1d', receivedAt, close: '11.25' as never })
  const encoded = (records: readonly Ohlcv[]) => [
    encodedBatch(
      ohlcv.topic,
      0,
      records.map((bar, i) => ({ offset: BigInt(i), key: null, value: Buffer.from(ohlcv.encode(bar)), timestamp: 0 })),
    ),
  ]

  test.each([
    ['upsert', (given: readonly Ohlcv[]) => dsl.storeOHLCV(given)],
    ['the fast path', (given: readonly Ohlcv[]) => store.timescale.upsertEncoded(ohlcv as never, encoded(given))],
    ['a single insert', (given: readonly Ohlcv[]) => store.drizzle.insert(ohlcv, given[0] as Ohlcv)],
  ])('a bar of a day is final once its market has closed, and served as it was given: by %s', async (way, write) => {
    const [over, running] = [`over by ${way}`, `running by ${way}`]
    await write(daily(over, CLOSE))
    await write(daily(running, CLOSE - 1))
    const { rows } = await store.pool.query('select is_final from ohlcv_data where coin_id in ($1, $2) order by coin_id', [
      over,
      running,
    ])
    expect(rows.map((row) => row.is_final)).toEqual([true, false])
    const [day] = (await dsl.getOHLCV({ coin: over, timeframe: '1d' })).candles
    expect(day).toMatchObject({ close: '11.25', covered: 1, partial: false, isFinal: true, builtFrom: 'provider' })
    expect(await candles(over, '1w')).toEqual([[FRIDAY - 4 * DAY, 1 / 5, true]])
  })

  test('a missing part of a session makes the bar partial', async () => {
    const from = session(MONDAY).from + HOUR
    const times = BOTH.filter((time) => time < from || time >= from + 65 * MINUTE)
    await dsl.storeOHLCV(bars('holes', times))
    expect(await candles('holes', '1d')).toEqual([
      [FRIDAY, 1, true],
      [MONDAY, 1 - 65 / 390, true],
    ])
    // A silence of less than a tenth of the day counts as covered.
    const quiet = BOTH.filter((time) => time < from || time >= from + 3 * HOUR)
    await dsl.storePrices(prices('silent', quiet))
    expect((await candles('silent', '1d')).map(([, covered]) => covered)).toEqual([1, 1 - 181 / 390])
  })

  test('trades outside the open hours are in the bar, and cover nothing', async () => {
    await dsl.storePrices([
      ...prices('early', minutesOf(session(FRIDAY))),
      aPrice({ coinId: 'early', source: 'exchange', time: FRIDAY + HOUR, price: '7' }),
    ])
    const [day] = (await dsl.getOHLCV({ coin: 'early', timeframe: '1d' })).candles
    expect(day).toMatchObject({ open: '7', low: '7', covered: 1, partial: false })
  })

  test('a night between candles is no hole for an indicator', async () => {
    const times = BOTH.filter((time) => time !== session(MONDAY).from + HOUR)
    await dsl.storeOHLCV(bars('smooth', times))
    const { holes } = await dsl.calculateSMA({ coin: 'smooth', timeframe: '1m', limit: 1000 })
    expect(holes).toBe(1)
  })

  test('nothing is filled while the market is closed', async () => {
    const times = BOTH.filter((time) => time % HOUR === 0)
    await dsl.storeOHLCV(bars('filled', times, { timeframe: '1h' }))
    const filled = (await dsl.getOHLCV({ coin: 'filled', timeframe: '1h', fill: true })).candles
    // The session begins within the hour of 14:00, which has no bar.
    const opens = times[6] as number
    expect(filled.filter(({ builtFrom }) => builtFrom === 'filled').map(({ time }) => time)).toEqual([opens - HOUR])
  })

  test('a calendar without closed hours gives the same candles and coverage as 24x7', async () => {
    const random = (i: number) => ((i * 2_654_435_761) % 4_294_967_296) / 4_294_967_296
    const times = minutesOf({ from: MONDAY, to: MONDAY + 8 * HOUR }).filter((_, i) => random(i) > 0.35)
    for (const source of ['asked', 'plain']) {
      await dsl.storeOHLCV(times.filter((_, i) => i % 3 !== 0).map((time) => aBar({ coinId: 'same', source, time })))
      await dsl.storePrices(
        prices(
          'same',
          times.map((time) => time + 1),
          source,
        ),
      )
    }
    const of = async (source: string) => {
      const all = await Promise.all(
        (['1m', '5m', '15m', '1h', '4h', '1d'] as const).map(async (timeframe) =>
          (await dsl.getOHLCV({ coin: 'same', source, timeframe, limit: 1000 })).candles.map(({ source: _, ...rest }) => rest),
        ),
      )
      const { items } = await dsl.getDataHealth({ coin: 'same', source, from: MONDAY, to: MONDAY + 9 * HOUR })
      const series = await coverage.list({ sources: [source] })
      return {
        all,
        health: items.map(({ source: _, ...rest }) => rest),
        series: series.map(({ source: _, ...rest }) => rest),
      }
    }
    const asked = await of('asked')
    expect(asked.all.flat().length).toBeGreaterThan(300)
    expect(asked).toEqual(await of('plain'))
  })
})

test('data health: no night is a hole, and a market that is closed is not stale', async () => {
  await dsl.storeOHLCV(bars('healthy', BOTH))
  await dsl.storePrices(prices('healthy', BOTH))
  const { items } = await dsl.getDataHealth({ coin: 'healthy', from: FRIDAY, to: MONDAY + 23 * HOUR })
  expect(items.map(({ kind, status, gaps }) => [kind, status, gaps])).toEqual([
    ['1m', 'ok', 0],
    ['prices', 'ok', 0],
  ])
})

test('a source that names an unknown calendar is refused', async () => {
  await expect(coverage.begin('exchange', { calendar: 'NYSE' })).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringMatching(/^calendar "NYSE": there is no such calendar; known are 24x7, fx, XNYS, .*, office, asked$/),
  })
})
