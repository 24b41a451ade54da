import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { candleWire } from '../../../lib/src/base/database/index.ts'
import { compareDecimals, decimal, type Ohlcv } from '../../../lib/src/base/types/index.ts'
import { SHRINKS } from '../../support/shrinks.ts'
import { aBar, aPrice, MINUTE, MONDAY } from '../records.ts'
import { testStore } from '../testStore.ts'

const store = await testStore()
const { dsl } = store

const figure = fc
  .tuple(fc.bigInt({ min: 0n, max: 10n ** 25n }), fc.option(fc.stringMatching(/^\d{0,20}[1-9]$/), { nil: undefined }))
  .map(([whole, fraction]) => decimal(fraction ? `${whole}.${fraction}` : String(whole)))

/** Bars with any figures, with and without volume and count, to cover all shapes and mixtures. */
const barOf = (coinId: string): fc.Arbitrary<Ohlcv> =>
  fc
    .record({
      minute: fc.integer({ min: 0, max: 40 }),
      received: fc.integer({ min: 0, max: 100 * MINUTE }),
      flawed: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
      figures: fc.tuple(figure, figure, figure, figure),
      volume: fc.option(figure, { nil: undefined }),
      tradeCount: fc.option(fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }), { nil: undefined }),
      origin: fc.constantFrom('live' as const, 'backfill' as const, 'replay' as const),
      isFinal: fc.boolean(),
      builtFrom: fc.constantFrom('provider' as const, 'trades' as const, 'filled' as const),
    })
    .map(({ minute, received, flawed, figures, volume, tradeCount, ...rest }) => {
      // Most are sound; the others are served with their flaw.
      const [low, open, close, high] = flawed ? figures : figures.toSorted(compareDecimals)
      const {
        volume: _,
        tradeCount: __,
        ...bar
      } = aBar({ coinId, time: MONDAY + minute * MINUTE, receivedAt: MONDAY + received, open, high, low, close, ...rest })
      return { ...bar, ...(volume && { volume }), ...(tradeCount !== undefined && { tradeCount }) } as Ohlcv
    })

describe('candles as JSON', () => {
  it('equal the encoding of the record type, for any figures', async () => {
    let run = 0
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('json', 'a"b\\c', '$1 $& $$', 'ü€😀', 'comma,newline'),
        fc.boolean(),
        fc.array(barOf('any'), { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 1, max: 12 }),
        async (name, alike, bars, limit) => {
          const coinId = `${name} ${run++}`
          const shape = bars[0] as Ohlcv
          const same = alike
            ? bars.filter((one) => 'volume' in one === 'volume' in shape && 'tradeCount' in one === 'tradeCount' in shape)
            : bars
          await dsl.storeOHLCV(same.map((one) => ({ ...one, coinId })))
          const query = { coin: coinId, timeframe: '1m', limit } as const
          const { candles } = await dsl.getOHLCV(query)
          const { candles: json } = await dsl.getOHLCVJson(query)
          expect(JSON.parse(json)).toEqual(candles.map(candleWire))
        },
      ),
      { ...SHRINKS, numRuns: 60 },
    )
  })

  it('include candles built beside the stored bars, in order and within the limit', async () => {
    await dsl.storeOHLCV([0, 1, 3].map((i) => aBar({ coinId: 'beside', timeframe: '5m', time: MONDAY + 5 * i * MINUTE })))
    await dsl.storePrices([10, 20].map((minute) => aPrice({ coinId: 'beside', time: MONDAY + minute * MINUTE })))
    for (const limit of [1, 2, 3, 4, 5, 10]) {
      const query = { coin: 'beside', timeframe: '5m', limit } as const
      const { candles } = await dsl.getOHLCV(query)
      expect(candles.map(({ time, builtFrom }) => [(time - MONDAY) / MINUTE, builtFrom])).toEqual(
        [
          [0, 'provider'],
          [5, 'provider'],
          [10, 'prices'],
          [15, 'provider'],
          [20, 'prices'],
        ].slice(-limit),
      )
      const { candles: json } = await dsl.getOHLCVJson(query)
      expect(JSON.parse(json)).toEqual(candles.map(candleWire))
    }
  })

  it('have canonical figures, also for rows that another program wrote', async () => {
    await store.pool.query(`insert into ohlcv_data (coin_id, source, time, received_at, origin, currency, timeframe, open, high, low, close, is_final, built_from)
      values ('foreign', 'other', '2026-01-05', '2026-01-06', 'live', 'usd', '1h', 1.500, 2.0, 0.10, 1.00, true, 'provider')`)
    const { candles } = await dsl.getOHLCVJson({ coin: 'foreign' })
    expect(JSON.parse(candles)).toMatchObject([{ open: '1.5', high: '2', low: '0.1', close: '1' }])
    await expect(store.pool.query("update ohlcv_data set high = 'NaN' where coin_id = 'foreign'")).rejects.toThrow('readable')
  })
})
