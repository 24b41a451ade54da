import { describe, expect, it } from 'vitest'
import { aBar, aPrice, MINUTE, MONDAY } from '../records.ts'
import { testStore } from '../testStore.ts'

const { dsl } = await testStore()
const HOUR = 60 * MINUTE
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)
const bars = (coinId: string, minutes: readonly number[], more: object = {}) =>
  minutes.map((i) => aBar({ coinId, time: MONDAY + i * MINUTE, receivedAt: MONDAY + (i + 1) * MINUTE, ...more }))
const health = async (coin: string, minutes = 60, query: object = {}) =>
  (await dsl.getDataHealth({ coin, to: MONDAY + minutes * MINUTE, ...query })).items

describe('data health', () => {
  it('is ok if no bar is missing and the newest has just closed', async () => {
    await dsl.storeOHLCV(bars('whole', range(0, 60)))
    expect(await health('whole')).toEqual([
      {
        coinId: 'whole',
        source: 'coingecko',
        currency: 'usd',
        kind: '1m',
        simulated: false,
        first: MONDAY,
        last: MONDAY + 59 * MINUTE,
        ageSeconds: 0,
        rows: 60,
        expected: 60,
        gaps: 0,
        longest: [],
        late: 0,
        open: 0,
        filled: 0,
        flawed: 0,
        future: 0,
        contradicted: 0,
        status: 'ok',
      },
    ])
  })

  it('lists gaps of bars, also those that begin before the range or end after it', async () => {
    await dsl.storeOHLCV(bars('holes', [...range(0, 10), ...range(20, 40), ...range(45, 60), ...range(70, 80)]))
    const [one] = await health('holes', 60)
    const at = (from: number, to: number) => ({ from: MONDAY + from * MINUTE, to: MONDAY + to * MINUTE })
    expect(one).toMatchObject({
      status: 'gappy',
      reason: '15 bars are missing',
      rows: 45,
      expected: 60,
      gaps: 2,
      longest: [at(10, 20), at(40, 45)],
    })
    const [part] = await health('holes', 65, { from: MONDAY + 15 * MINUTE })
    expect(part).toMatchObject({ gaps: 3, longest: [at(15, 20), at(40, 45), at(60, 65)], expected: 50, rows: 35 })
  })

  it('is stale when the next bar is overdue', async () => {
    await dsl.storeOHLCV(bars('old', range(0, 10)))
    expect(await health('old', 11)).toMatchObject([{ status: 'ok', ageSeconds: 60 }])
    expect(await health('old', 12)).toMatchObject([
      { status: 'stale', ageSeconds: 120, reason: expect.stringContaining('120 s') },
    ])
  })

  it('of prices depends on their usual interval', async () => {
    const every = (coinId: string, seconds: readonly number[]) =>
      seconds.map((s) => aPrice({ coinId, time: MONDAY + s * 1_000_000, receivedAt: MONDAY + s * 1_000_000 }))
    await dsl.storePrices(every('calm', [...range(0, 20).map((i) => i * 30), 1200, 1230]))
    // The usual interval is 30 s; a gap is ten times as long.
    expect(await health('calm', 21)).toMatchObject([
      { kind: 'prices', status: 'gappy', intervalSeconds: 30, gaps: 1, longest: [{ from: MONDAY + 570e6, to: MONDAY + 1200e6 }] },
    ])
    expect(await health('calm', 60)).toMatchObject([{ status: 'stale' }])
  })

  it('counts late rows, open and filled bars, and marks simulated series', async () => {
    const late = bars('odd', [1], { receivedAt: MONDAY + HOUR })
    const rest = [
      ...bars('odd', [0, 2]),
      ...bars('odd', [3], { builtFrom: 'filled' }),
      ...bars('odd', [4], { isFinal: false, origin: 'simulated' }),
    ]
    await dsl.storeOHLCV([...late, ...rest])
    expect(await health('odd', 5)).toMatchObject([{ late: 1, filled: 1, open: 1, simulated: true }])
  })

  it('comes in pages, of all series or of some', async () => {
    await dsl.storePrices([
      aPrice({ coinId: 'paged' }),
      aPrice({ coinId: 'paged', currency: 'eur' }),
      aPrice({ coinId: 'paged', source: 'kraken' }),
    ])
    await dsl.storeOHLCV(bars('paged', [0]))
    const all = await health('paged')
    expect(all.map(({ source, currency, kind }) => `${source} ${currency} ${kind}`)).toEqual([
      'coingecko eur prices',
      'coingecko usd 1m',
      'coingecko usd prices',
      'kraken usd prices',
    ])
    const seen = []
    for (let after: string | undefined, more = true; more; ) {
      const page = await dsl.getDataHealth({ to: MONDAY + HOUR, limit: 1, ...(after ? { after } : {}) })
      seen.push(...page.items)
      after = page.next
      more = after !== undefined
    }
    expect(seen.filter(({ coinId }) => coinId === 'paged')).toEqual(all)
    expect(await health('paged', 60, { source: 'kraken' })).toHaveLength(1)
    await expect(dsl.getDataHealth({ from: MONDAY, to: MONDAY })).rejects.toMatchObject({ code: 'BAD_REQUEST', field: 'from' })
  })
})
