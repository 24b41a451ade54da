import { expect, test } from 'vitest'
import type { SourceDefinition } from '../../../lib/src/base/types/index.ts'
import { binance } from '../../../lib/src/publishers/sources/binance/index.ts'
import type { VenueSource } from '../../../lib/src/publishers/venue/index.ts'
import { until } from '../../support/until.ts'
import { type Running, run } from './collect.ts'
import { complete, cuts, live } from './completeness.ts'
import { type FakeVenueProcess, startFakeVenue } from './fake/index.ts'

const type = binance as unknown as SourceDefinition
const single = { symbols: ['BTC/USDT', 'ETH/USDT'], channels: ['trades'], twin: false }
const twin = { ...single, twin: true }

const figures = ({ source }: Running) => (source as VenueSource).figures

async function connected(venue: FakeVenueProcess, running: Running, sockets = 1): Promise<void> {
  await live(venue, running, sockets)
  await until(() => running.outages[0]?.ended, 'the subscription')
}

test('100 cuts of one connection at 500 trades a second: none missed, none repeated', async () => {
  await using venue = await startFakeVenue('binance')
  await using running = await run(type, venue, { settings: single })
  await venue.order({ do: 'rate', perSecond: 500 })
  await cuts(venue, running, 100, 'all')
  await venue.order({ do: 'rate', perSecond: 0 })
  await complete(venue, running)
  expect(figures(running)).toMatchObject({ missing: 0 })
  expect(figures(running).filled).toBeGreaterThan(100)
})

test('100 cuts of one of two connections: none missed without REST', async () => {
  await using venue = await startFakeVenue('binance')
  await using running = await run(type, venue, { settings: { ...twin, fill: 'none' } })
  await venue.order({ do: 'rate', perSecond: 500 })
  await connected(venue, running, 2)
  for (let i = 0; i < 100; i++) {
    const { connections } = await venue.state()
    await venue.order({ do: 'cut', which: 'one' })
    await until(async () => (await venue.state()).connections > connections, 'a new connection')
    await until(() => figures(running).sockets === 2, 'both connections')
  }
  await venue.order({ do: 'rate', perSecond: 0 })
  await complete(venue, running)
})

test('a slow stream pauses the sockets: what waits is bounded, and nothing is dropped', async () => {
  await using venue = await startFakeVenue('binance')
  await using running = await run(type, venue, { settings: single })
  await connected(venue, running)
  running.pause()
  await venue.order({ do: 'burst', trades: 100_000 })
  await until(() => figures(running).paused, 'the pause')
  // The sockets' buffers are full: the venue has to keep the rest.
  await until(async () => (await venue.state()).buffered > 0, 'the pressure on the venue')
  expect(figures(running).waiting).toBeLessThan(25_000)
  running.resume()
  await complete(venue, running)
  expect(running.outages.filter(({ ended }) => !ended)).toEqual([])
})

test('a stream that takes nothing for stall_ms: the sockets are closed with that reason, and opened when it takes again', async () => {
  await using venue = await startFakeVenue('binance')
  await using running = await run(type, venue, { settings: { ...single, stall_ms: 1000 } })
  await connected(venue, running)
  running.pause()
  await venue.order({ do: 'burst', trades: 30_000 })
  await until(() => running.outages.at(-1)?.reason.includes('took nothing for 1 s'), 'the outage')
  await until(async () => (await venue.state()).sockets === 0, 'the end of the connection')
  await venue.order({ do: 'burst', trades: 10_000 })
  running.resume()
  await until(() => running.outages.at(-1)?.ended, 'the end of the outage')
  await venue.order({ do: 'burst', trades: 1 })
  await complete(venue, running)
})

test('closes at once while the stream takes nothing, and connections and fetches wait for it', async () => {
  await using venue = await startFakeVenue('binance')
  const running = await run(type, venue, { settings: { ...single, stall_ms: 1000 } })
  await connected(venue, running)
  running.pause()
  await venue.order({ do: 'burst', trades: 30_000 })
  await until(async () => (await venue.state()).sockets === 0, 'the end of the connection')
  // Unless the close ends these waits, it never returns.
  await running.source.close()
  await running[Symbol.asyncDispose]()
})

test('a silent connection is replaced, and what was missed is fetched', async () => {
  await using venue = await startFakeVenue('binance')
  await using running = await run(type, venue, { settings: { ...single, silence_ms: 1000 } })
  await connected(venue, running)
  await venue.order({ do: 'silence' })
  await venue.order({ do: 'burst', trades: 50 })
  await until(() => running.outages.at(-1)?.reason.includes('silent for 1 s'), 'the outage')
  await until(() => running.outages.at(-1)?.ended, 'the end of the outage')
  await venue.order({ do: 'burst', trades: 1 })
  await complete(venue, running)
})

test('a venue that accepts connections and answers nothing is asked until it does', async () => {
  await using venue = await startFakeVenue('binance')
  await venue.order({ do: 'hang' })
  await using running = await run(type, venue, { settings: { ...single, silence_ms: 1000 } })
  await until(() => running.source.trouble?.error.message.includes('silent for 1 s'), 'the trouble')
  await venue.order({ do: 'speak' })
  await connected(venue, running)
  await complete(venue, running)
  expect(running.source.trouble).toBeUndefined()
})

test('trades out of order and repeated ones come once and in order', async () => {
  await using venue = await startFakeVenue('binance')
  await using running = await run(type, venue, { settings: twin })
  await connected(venue, running, 2)
  await venue.order({ do: 'reorder' })
  await venue.order({ do: 'repeat' })
  await venue.order({ do: 'burst', trades: 100 })
  await complete(venue, running)
})

test('a refused instrument is reported, and the others go on', async () => {
  await using venue = await startFakeVenue('binance')
  await venue.order({ do: 'refuse', topic: 'ethusdt@trade' })
  await using running = await run(type, venue, { settings: { ...single, symbols: ['BTC/USDT', 'ETH/USDT', 'DOGE/USDT'] } })
  await connected(venue, running)
  expect(running.source.warnings?.map(({ message }) => message)).toEqual([
    'Binance lists no instrument DOGE/USDT; known: BTC/USDT, ETH/USDT, NKN/USDT',
    expect.stringMatching(
      /^Binance refuses ethusdt@trade: error 2: Invalid request: unknown stream; take ETH\/USDT out of symbols/,
    ),
  ])
  expect(new Set(running.trades.map(({ coinId }) => coinId))).toEqual(new Set(['BTC/USDT']))
  await venue.order({ do: 'accept', topic: 'ethusdt@trade' })
  await venue.order({ do: 'cut', which: 'all' })
  await until(() => running.source.warnings?.length === 1, 'the end of the warning')
})

test.for([429, 418])('HTTP %i while missing trades are fetched: waited for, then all are there', async (status) => {
  await using venue = await startFakeVenue('binance')
  await using running = await run(type, venue, { settings: single })
  await connected(venue, running)
  await venue.order({ do: 'limit', status, calls: 1, retryAfter: 1 })
  const outages = running.outages.length
  await venue.order({ do: 'cut', which: 'all' })
  await venue.order({ do: 'burst', trades: 10 })
  await until(() => running.outages.length > outages && running.outages.at(-1)?.ended, 'the end of the outage')
  await venue.order({ do: 'burst', trades: 1 })
  await complete(venue, running)
})

test('an announced end: the next connection is made before the old one is closed', async () => {
  await using venue = await startFakeVenue('binance')
  await using running = await run(type, venue, { settings: { ...single, fill: 'none' } })
  await venue.order({ do: 'rate', perSecond: 500 })
  await connected(venue, running)
  const { connections } = await venue.state()
  // Trades that are under way on the old connection come on no other.
  await venue.order({ do: 'lag', ms: 200 })
  await venue.order({ do: 'send', text: '{"e":"serverShutdown","E":1770123456789}' })
  await until(async () => (await venue.state()).connections > connections, 'the next connection')
  await until(async () => (await venue.state()).sockets === 1, 'the end of the old connection')
  await venue.order({ do: 'rate', perSecond: 0 })
  await venue.order({ do: 'burst', trades: 1 })
  await complete(venue, running, { ordered: false })
  expect(running.outages).toHaveLength(1)
})

test('a text that cannot be read becomes a dead letter, and the connection goes on', async () => {
  await using venue = await startFakeVenue('binance')
  await using running = await run(type, venue, { settings: single })
  await connected(venue, running)
  const { connections } = await venue.state()
  await venue.order({
    do: 'send',
    text: '{"stream":"btcusdt@trade","data":{"s":"BTCUSDT","t":5,"p":"oops","q":"1","T":1770123456789,"m":true}}',
  })
  await venue.order({ do: 'send', text: 'no JSON at all' })
  await until(() => running.rejected.length === 2, 'the dead letters')
  expect(running.rejected).toEqual(['"oops" is not a decimal number', expect.stringContaining('is not valid JSON')])
  await venue.order({ do: 'burst', trades: 3 })
  await complete(venue, running)
  expect((await venue.state()).connections).toBe(connections)
})

test('a frame of 30 MB ends the connection and no more', async () => {
  await using venue = await startFakeVenue('binance')
  await using running = await run(type, venue, { settings: single })
  await connected(venue, running)
  await venue.order({ do: 'frame', bytes: 30_000_000 })
  await until(() => running.outages.at(-1)?.reason.includes('Max payload size exceeded'), 'the outage')
  await until(() => running.outages.at(-1)?.ended, 'the end of the outage')
  await venue.order({ do: 'burst', trades: 3 })
  await complete(venue, running)
})

test('a start continues behind the last stored trade', async () => {
  await using venue = await startFakeVenue('binance')
  await venue.order({ do: 'burst', trades: 2500 })
  const stored = new Map([['BTC/USDT', { sequence: 1009, time: Date.now() * 1000 }]])
  await using running = await run(type, venue, { settings: single, context: { lastStored: async () => stored } })
  await connected(venue, running)
  await complete(venue, running)
  const first = (coin: string) => running.trades.find(({ coinId }) => coinId === coin)?.sequence
  expect(first('BTC/USDT')).toBe(1010)
  // Of an instrument that is not stored nothing older is asked for.
  expect(first('ETH/USDT')).toBeGreaterThanOrEqual(3500)
})

test('a gap above fill_max is left to a backfill, and live trades go on at once', async () => {
  await using venue = await startFakeVenue('binance')
  await venue.order({ do: 'burst', trades: 500 })
  const stored = new Map([['BTC/USDT', { sequence: 1009, time: Date.now() * 1000 }]])
  await using running = await run(type, venue, {
    settings: { ...single, fill_max: 100 },
    context: { lastStored: async () => stored },
  })
  await connected(venue, running)
  await until(() => running.trades.some(({ coinId }) => coinId === 'BTC/USDT'), 'a trade')
  expect(running.trades.filter(({ coinId }) => coinId === 'BTC/USDT').every(({ sequence = 0 }) => sequence >= 1500)).toBe(true)
  expect(figures(running)).toMatchObject({ gaps: 1, missing: expect.any(Number) })
  expect((await venue.state()).calls.filter((call) => call.includes('historicalTrades'))).toEqual([])
})
