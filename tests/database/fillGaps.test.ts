import { describe, expect, it } from 'vitest'
import { fillGaps } from '../../lib/src/base/database/dsl/candles/fillGaps.ts'
import { aCandle, aPrice, MINUTE, MONDAY } from './records.ts'
import { testStore } from './testStore.ts'

const bar = (minute: number, close: string) => aCandle({ time: MONDAY + minute * MINUTE, close })
const brief = (bars: ReturnType<typeof fillGaps>) =>
  bars.map((one) => `${(one.time - MONDAY) / MINUTE} ${one.open} ${one.close} ${one.volume} ${one.builtFrom}`)

describe('filled bars', () => {
  it('repeat the last close between candles, and never beyond the ends', () => {
    expect(brief(fillGaps([bar(1, '5'), bar(4, '7'), bar(5, '8')], '1m', 100))).toEqual([
      '1 10 5 undefined provider',
      '2 5 5 0 filled',
      '3 5 5 0 filled',
      '4 10 7 undefined provider',
      '5 10 8 undefined provider',
    ])
    expect(fillGaps([], '1m', 10)).toEqual([])
  })

  it('count towards the limit; the latest are kept, however long the gap', () => {
    const century = fillGaps([bar(0, '5'), bar(100_000_000, '7')], '1m', 3)
    expect(brief(century)).toEqual(['99999998 5 5 0 filled', '99999999 5 5 0 filled', '100000000 10 7 undefined provider'])
  })

  it('are in a query only when asked for', async () => {
    const { dsl } = await testStore()
    await dsl.storePrices([0, 150].map((minute) => aPrice({ time: MONDAY + minute * MINUTE })))
    expect((await dsl.getOHLCV({ coin: 'bitcoin' })).candles).toHaveLength(2)
    const { candles } = await dsl.getOHLCV({ coin: 'bitcoin', fill: true })
    expect(candles.map(({ builtFrom }) => builtFrom)).toEqual(['prices', 'filled', 'prices'])
    const json = await dsl.getOHLCVJson({ coin: 'bitcoin', fill: true })
    expect(JSON.parse(json.candles)[1]).toMatchObject({ built_from: 'filled', volume: '0', trade_count: 0, close: '65000.5' })
  })
})
