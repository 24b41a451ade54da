import { describe, expect, it } from 'vitest'
import { type Book, book, decimal, type SourceDefinition, silentLogger, trade } from '../../../lib/src/base/types/index.ts'
import { sourceSuite } from '../../contracts/sourceSuite.ts'
import { until } from '../../support/until.ts'
import { run, settingsFor } from './collect.ts'
import { complete, cuts, live } from './completeness.ts'
import { startFakeVenue, type VenueState } from './fake/index.ts'

interface Instrument {
  readonly coinId: string
  readonly symbol: string
  readonly topic: string
}

export interface VenueSuiteOptions {
  /** Name of the dialect of the fake venue. */
  readonly venue: string
  /** Two instruments of it, by our name and by its own. */
  readonly instruments: readonly [Instrument, Instrument]
  /** False if the dialect has no order books. */
  readonly books?: boolean
  /** False if trades have no contiguous numbers: then a single connection may miss some. */
  readonly numbered?: boolean
}

/** The suite of every venue, against the fake one in its own process. */
export function venueSuite(
  type: SourceDefinition,
  { venue: name, instruments, numbered = true, books = true }: VenueSuiteOptions,
): void {
  const symbols = instruments.map(({ coinId }) => coinId)
  const settings = { symbols, channels: ['trades'] }

  const opened = async (instance: string, more: Readonly<Record<string, unknown>> = {}) => {
    const venue = await startFakeVenue(name)
    await venue.order({ do: 'rate', perSecond: 200 })
    const given = settingsFor(type, venue, { ...settings, ...more })
    const source = await type.open(given, { name: instance, logger: silentLogger })
    return { source, dispose: async () => void (await venue[Symbol.asyncDispose]()) }
  }
  sourceSuite(name, {
    open: (instance) => opened(instance),
    openUnreachable: (instance) => opened(instance, { rest_url: 'http://127.0.0.1:9', retry: { attempts: 1 } }),
  })

  describe(`venue: ${name}`, () => {
    it('misses no trade and repeats none over 10 cuts of one connection', { skip: !numbered }, async () => {
      await using venue = await startFakeVenue(name)
      await using running = await run(type, venue, { settings: { ...settings, twin: false } })
      await venue.order({ do: 'rate', perSecond: 500 })
      await cuts(venue, running, 10, 'all')
      await venue.order({ do: 'rate', perSecond: 0 })
      await complete(venue, running)
      expect(running.outages.length).toBeGreaterThan(10)
      expect(running.outages.every(({ ended }) => ended)).toBe(true)
    })

    it('misses no trade over 10 cuts of one of two connections, without asking REST', async () => {
      await using venue = await startFakeVenue(name)
      await using running = await run(type, venue, { settings: { ...settings, fill: 'none' } })
      // Before the first trade: one that a connection alone has could come behind a later one of the other.
      const both = () => until(() => running.source.figures?.sockets === 2, 'both connections')
      await both()
      await venue.order({ do: 'rate', perSecond: 500 })
      await until(() => running.trades.length > 0, 'the first trade')
      for (let i = 0; i < 10; i++) {
        const { connections } = await venue.state()
        await venue.order({ do: 'cut', which: 'one' })
        // Never both at once: the next cut waits until the venue has subscribed the new connection.
        await until(async () => (await venue.state()).connections > connections, 'a new connection')
        await both()
      }
      await venue.order({ do: 'rate', perSecond: 0 })
      // Without a fill nothing waits for a trade that the other connection still brings.
      await complete(venue, running, { ordered: false })
      expect(
        (await venue.state()).calls.filter((call) => /trades/i.test(call) && /fromId|since|after|before|limit/.test(call)),
      ).toEqual([])
    })

    it('gives verified order books, and makes a broken one again alone', { skip: !books }, async () => {
      await using venue = await startFakeVenue(name)
      await using running = await run(type, venue, {
        settings: { symbols, channels: ['books'], book_every_ms: 100, book_levels: 10 },
      })
      const shown = async (symbol: string, coinId: string) => {
        const { books: made } = await venue.state()
        const last = running.books.findLast((record) => record.coinId === coinId)
        return last && made[symbol] && JSON.stringify(levelsOf(last)) === JSON.stringify(plain(made[symbol], 10))
          ? last
          : undefined
      }
      await until(async () => (await venue.state()).sockets > 0, 'a connection')
      const current = () =>
        until(async () => {
          await venue.order({ do: 'books', changes: 1 })
          return Promise.all(instruments.map(({ symbol, coinId }) => shown(symbol, coinId))).then((all) => all.every(Boolean))
        }, 'the books of the venue')
      await current()
      const [broken, whole] = instruments
      const outages = running.outages.length
      await venue.order({ do: 'books', changes: 1, lose: broken.symbol })
      await current()
      expect(running.outages.slice(outages)).toEqual([{ reason: expect.stringContaining('order book broken'), ended: true }])
      expect(running.books.every((record) => record.verified && book.check(record) === record)).toBe(true)
      expect(running.books.some(({ coinId }) => coinId === whole.coinId)).toBe(true)
    })

    it('gives every digit, as a canonical decimal', async () => {
      await using venue = await startFakeVenue(name)
      await using running = await run(type, venue, { settings })
      await until(async () => (await venue.state()).sockets === 2, 'both connections')
      await live(venue, running, 2)
      await venue.order({ do: 'burst', trades: 5 })
      await complete(venue, running)
      const figures = new Set(running.trades.map(({ price, amount }) => `${price} ${amount}`))
      expect(figures).toEqual(
        new Set(['61837.63 0.00008', '61837.64 1.54698', '61840 12', '61836.01 0.0157', '0.00000056 123456789012.345678']),
      )
      for (const record of running.trades) expect(trade.check(record)).toEqual(record)
    })
  })
}

const levelsOf = ({ bids, bidSizes, asks, askSizes }: Book) => ({
  bids: bids.map((price, i) => [price, bidSizes[i]]),
  asks: asks.map((price, i) => [price, askSizes[i]]),
})

const plain = ({ bids, asks }: VenueState['books'][string], count: number) => {
  const side = (levels: readonly (readonly [string, string])[]) =>
    levels.slice(0, count).map(([price, size]) => [decimal(price), decimal(size)])
  return { bids: side(bids), asks: side(asks) }
}
