import { expect, it } from 'vitest'
import type { SourceDefinition } from '../../../lib/src/base/types/index.ts'
import { bybit } from '../../../lib/src/publishers/sources/bybit/index.ts'
import { until } from '../../support/until.ts'
import { run } from './collect.ts'
import { startFakeVenue } from './fake/index.ts'
import { venueSuite } from './venueSuite.ts'

const type = bybit as unknown as SourceDefinition

venueSuite(type, {
  venue: 'bybit',
  numbered: false,
  instruments: [
    { coinId: 'BTC/USDT', symbol: 'BTCUSDT', topic: 'publicTrade.BTCUSDT' },
    { coinId: 'ETH/USDT', symbol: 'ETHUSDT', topic: 'publicTrade.ETHUSDT' },
  ],
})

it('fetches the last trades after both connections were cut, repeats none, and tells the outage', async () => {
  await using venue = await startFakeVenue('bybit')
  await using running = await run(type, venue, { settings: { symbols: ['BTC/USDT'], channels: ['trades'] } })
  const connected = () => until(async () => (await venue.state()).subscriptions === 2, 'both connections')
  const upAgain = () => until(() => running.outages.every(({ ended }) => ended), 'the end of the outage')
  const got = (count: number) => until(() => running.trades.length >= count, `${count} trades`)
  await connected()
  await upAgain()
  await venue.order({ do: 'burst', trades: 10 })
  await got(10)
  // New connections get no answer, so that these trades are made while none is live.
  await venue.order({ do: 'hang' })
  await venue.order({ do: 'cut', which: 'all' })
  await until(() => running.outages.length === 2, 'the outage')
  await venue.order({ do: 'burst', trades: 40 })
  await venue.order({ do: 'speak' })
  await venue.order({ do: 'cut', which: 'all' })
  await got(50)
  await connected()
  await venue.order({ do: 'burst', trades: 5 })
  await got(55)
  await upAgain()
  const ids = running.trades.map(({ tradeId }) => Number(tradeId.slice(-12)))
  expect(ids).toEqual(Array.from({ length: 55 }, (_, index) => 1000 + index))
  expect(running.trades.map(({ origin }) => origin)).toEqual([
    ...Array(10).fill('live'),
    ...Array(40).fill('backfill'),
    ...Array(5).fill('live'),
  ])
  expect(running.outages).toHaveLength(2)
})
