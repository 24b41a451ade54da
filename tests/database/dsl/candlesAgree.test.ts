import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Candle } from '../../../lib/src/base/database/index.ts'
import {
  addDecimals,
  compareDecimals,
  type Decimal,
  decimal,
  type Ohlcv,
  type Price,
  TIMEFRAMES,
  type Timeframe,
  type Trade,
  timeframeMicros,
  timeframeOrigin,
  trade,
} from '../../../lib/src/base/types/index.ts'
import { onTimescale } from '../../support/database.ts'
import { aBar, aPrice, MINUTE, MONDAY } from '../records.ts'
import { testStore } from '../testStore.ts'

const store = await testStore()
const { dsl } = store
const DAY = 1440 * MINUTE
/** Four hours around a midnight, so that days, weeks and hours begin and end within. */
const BEGIN = MONDAY - 120 * MINUTE
const MINUTES = 240
const LATER = MONDAY + 30 * DAY

const aTrade = (coinId: string, time: number, price: Decimal, n: number): Trade => ({
  coinId,
  source: 'coingecko',
  time,
  receivedAt: LATER + n,
  origin: 'live',
  currency: 'usd',
  tradeId: `t${n}`,
  side: 'buy',
  price,
  amount: decimal('0.5'),
})

const divides = (finer: Timeframe, coarse: Timeframe): boolean => {
  const [f, c] = [timeframeMicros(finer), timeframeMicros(coarse)]
  return f < c && c % f === 0 && (timeframeOrigin(coarse) - timeframeOrigin(finer)) % f === 0
}
const openOf = (time: number, timeframe: Timeframe): number => {
  const length = timeframeMicros(timeframe)
  const origin = timeframeOrigin(timeframe)
  return Math.floor((time - origin) / length) * length + origin
}
const max = (all: readonly Decimal[]): Decimal => all.reduce((a, b) => (compareDecimals(a, b) >= 0 ? a : b))
const min = (all: readonly Decimal[]): Decimal => all.reduce((a, b) => (compareDecimals(a, b) <= 0 ? a : b))

async function served(coin: string, timeframes: readonly Timeframe[] = TIMEFRAMES): Promise<Map<Timeframe, readonly Candle[]>> {
  const found = new Map<Timeframe, readonly Candle[]>()
  for (const timeframe of timeframes) found.set(timeframe, (await dsl.getOHLCV({ coin, timeframe, limit: 10_000 })).candles)
  return found
}

const isBuilt = ({ builtFrom, fromTimeframe }: Candle): boolean => builtFrom !== 'provider' || fromTimeframe !== undefined

let run = 0

/** Each minute's events by the second, such as [[3, 100.5], [40, 101]]. */
const events = fc.array(fc.tuple(fc.integer({ min: 0, max: 59 }), fc.integer({ min: 1, max: 99_999 })), {
  minLength: 1,
  maxLength: 3,
})
const BARS = ['1m', '3m', '5m', '15m', '30m', '1h', '2h'] as const

describe.each([
  ['rolled up', true],
  ['of the records', false],
] as const)('candles of all lengths, %s', (_, rolled) => {
  const rollUp = async () => {
    if (!rolled) return
    await store.rollups.turnOn()
    await store.rollups.catchUp()
  }

  it('agree: no stored figure lies outside, and high and low are those of the finer ones', async () => {
    const mixed = fc.record({
      prices: fc.array(fc.tuple(fc.integer({ min: 0, max: MINUTES * 60 - 1 }), fc.integer({ min: 1, max: 999 })), {
        maxLength: 40,
      }),
      trades: fc.array(fc.tuple(fc.integer({ min: 0, max: MINUTES * 60 - 1 }), fc.integer({ min: 1, max: 999 })), {
        maxLength: 40,
      }),
      bars: fc.array(
        fc.record({
          timeframe: fc.constantFrom(...BARS, '4h' as const, '1d' as const),
          minute: fc.integer({ min: 0, max: MINUTES - 1 }),
          figures: fc.array(fc.integer({ min: 1, max: 999 }), { minLength: 4, maxLength: 4 }),
        }),
        { maxLength: 25 },
      ),
    })
    await fc.assert(
      fc.asyncProperty(mixed, async ({ prices, trades, bars }) => {
        fc.pre(prices.length + trades.length + bars.length > 0)
        const coinId = `mix-${rolled}-${run++}`
        // One price at each moment: a second one would overwrite it.
        const priced = [...new Map(prices)].map(
          ([second, value]): Price => aPrice({ coinId, time: BEGIN + second * 1e6, price: `${value}` }),
        )
        const traded = trades.map(([second, value], n) => aTrade(coinId, BEGIN + second * 1e6, decimal(`${value}`), n))
        const barred = bars.map(({ timeframe, minute, figures }): Ohlcv => {
          const [open, a, b, close] = figures as [number, number, number, number]
          return aBar({
            coinId,
            timeframe,
            time: openOf(BEGIN + minute * MINUTE, timeframe),
            open: `${open}`,
            close: `${close}`,
            high: `${Math.max(open, a, b, close)}`,
            low: `${Math.min(open, a, b, close)}`,
          })
        })
        await dsl.storePrices(priced)
        await store.timescale.upsert(trade, traded)
        await dsl.storeOHLCV(barred)
        await rollUp()
        const all = await served(coinId)
        const points = [...priced, ...traded].map(({ time, price }) => ({ time, price }))
        for (const timeframe of TIMEFRAMES) {
          const length = timeframeMicros(timeframe)
          for (const candle of all.get(timeframe) ?? []) {
            expect(compareDecimals(candle.high, candle.low)).toBeGreaterThanOrEqual(0)
            expect(candle.covered).toBeGreaterThanOrEqual(0)
            expect(candle.covered).toBeLessThanOrEqual(1)
            expect(candle.partial).toBe(candle.covered < 1)
            expect(candle.isFinal).toBe(true) // all of it is past
            if (!isBuilt(candle)) continue
            const within = ({ time }: { time: number }) => time >= candle.time && time < candle.time + length
            const finer = TIMEFRAMES.filter((one) => divides(one, timeframe)).flatMap((one) =>
              (all.get(one) ?? []).filter(within),
            )
            const held = points.filter(within).map(({ price }) => price)
            const highs = [...finer.map(({ high }) => high), ...held]
            const lows = [...finer.map(({ low }) => low), ...held]
            expect([timeframe, candle.time, candle.high]).toEqual([timeframe, candle.time, max(highs)])
            expect([timeframe, candle.time, candle.low]).toEqual([timeframe, candle.time, min(lows)])
          }
          // None is missing: each finer candle and each record has one around it.
          const opens = new Set((all.get(timeframe) ?? []).map(({ time }) => time))
          for (const { time } of points) expect(opens.has(openOf(time, timeframe))).toBe(true)
        }
      }),
      { numRuns: onTimescale ? 3 : 6, endOnFailure: true },
    )
  })

  it('are exact if each minute is covered by some data', async () => {
    const path = fc.record({
      kind: fc.constantFrom('trades' as const, 'prices' as const),
      minutes: fc.array(events, { minLength: MINUTES, maxLength: MINUTES }),
      bars: fc.array(fc.tuple(fc.constantFrom(...BARS), fc.integer({ min: 0, max: MINUTES - 1 })), { maxLength: 30 }),
      kept: fc.array(fc.boolean(), { minLength: MINUTES, maxLength: MINUTES }),
    })
    await fc.assert(
      fc.asyncProperty(path, async ({ kind, minutes, bars, kept }) => {
        const coinId = `truth-${rolled}-${run++}`
        // One event a second at most, so that first and last are certain.
        const truth = minutes.flatMap((some, minute) =>
          [...new Map(some)]
            .toSorted(([a], [b]) => a - b)
            .map(([second, value]) => ({
              time: BEGIN + minute * MINUTE + second * 1e6,
              price: decimal(`${Math.floor(value / 100)}.${String(value % 100).padStart(2, '0')}`),
            })),
        )
        const figures = (from: number, to: number) => {
          const some = truth.filter(({ time }) => time >= from && time < to)
          const prices = some.map(({ price }) => price)
          const volume = some.map(() => decimal('0.5')).reduce(addDecimals)
          return { open: prices[0] as Decimal, high: max(prices), low: min(prices), close: prices.at(-1) as Decimal, volume }
        }
        const end = BEGIN + MINUTES * MINUTE
        const given = new Map<string, { timeframe: Timeframe; time: number }>()
        for (const [timeframe, minute] of bars) {
          const time = openOf(BEGIN + minute * MINUTE, timeframe)
          if (time >= BEGIN && time + timeframeMicros(timeframe) <= end) given.set(`${timeframe} ${time}`, { timeframe, time })
        }
        const stored = [...given.values()]
        const barsOver = (minute: number, most: number) =>
          stored.some(({ timeframe, time }) => {
            const length = timeframeMicros(timeframe)
            const at = BEGIN + minute * MINUTE
            return length <= most && at >= time && at < time + length
          })
        const hasEvents = (minute: number) => kept[minute] || !barsOver(minute, 2 * 60 * MINUTE)
        const rest = truth.filter(({ time }) => hasEvents(Math.floor((time - BEGIN) / MINUTE)))
        if (kind === 'trades')
          await store.timescale.upsert(
            trade,
            rest.map(({ time, price }, n) => aTrade(coinId, time, price, n)),
          )
        else await dsl.storePrices(rest.map(({ time, price }) => aPrice({ coinId, time, price })))
        await dsl.storeOHLCV(
          stored.map(({ timeframe, time }): Ohlcv => {
            const { volume, ...prices } = figures(time, time + timeframeMicros(timeframe))
            return { ...aBar({ coinId, timeframe, time, ...prices }), volume }
          }),
        )
        await rollUp()
        for (const [timeframe, candles] of await served(coinId, TIMEFRAMES.slice(1))) {
          const length = timeframeMicros(timeframe)
          for (const candle of candles) {
            const from = Math.max(candle.time, BEGIN)
            const to = Math.min(candle.time + length, end)
            const fits = (one: { timeframe: Timeframe }) => one.timeframe === timeframe || divides(one.timeframe, timeframe)
            const usable = stored.filter(
              (one) => fits(one) && one.time >= from && one.time + timeframeMicros(one.timeframe) <= to,
            )
            const known = (at: number) =>
              hasEvents(Math.floor((at - BEGIN) / MINUTE)) ||
              usable.some((one) => at >= one.time && at < one.time + timeframeMicros(one.timeframe))
            const minutesOf = Array.from({ length: Math.round((to - from) / MINUTE) }, (_, i) => from + i * MINUTE)
            if (!minutesOf.every(known)) continue
            const { volume, ...prices } = figures(from, to)
            const { open, high, low, close } = candle
            expect([timeframe, candle.time, { open, high, low, close }]).toEqual([timeframe, candle.time, prices])
            if (kind === 'trades') expect([timeframe, candle.time, candle.volume]).toEqual([timeframe, candle.time, volume])
            // Events are never further apart than a tenth of half an hour.
            if (candle.time >= BEGIN && candle.time + length <= end && length >= 30 * MINUTE)
              expect([timeframe, candle.time, candle.covered]).toEqual([timeframe, candle.time, 1])
          }
        }
      }),
      { numRuns: onTimescale ? 2 : 3, endOnFailure: true },
    )
  })
})
