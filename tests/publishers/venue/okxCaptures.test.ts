import { expect, it } from 'vitest'
import { decimal, parseExactJson, type Trade, trade } from '../../../lib/src/base/types/index.ts'
import { mapperOf } from '../../../lib/src/publishers/sources/okx/parse/live.ts'
import { listedIn } from '../../../lib/src/publishers/sources/okx/parse/rest.ts'
import { BookFollower, Instruments, type Listed, type Mapped, okxBook } from '../../../lib/src/publishers/venue/index.ts'
import { describeWith } from '../../support/services.ts'
import { recordedBody, recordedCounts, recordedTexts } from './recordedTexts.ts'

const RECEIVED_AT = Date.UTC(2022, 4, 13, 17) * 1000

/** The recorded instruments of both markets, and the dated future that was recorded beside them, under its own id. */
function instruments(): Instruments {
  const listed = (['SPOT', 'SWAP'] as const).flatMap((type) =>
    listedIn(parseExactJson(recordedBody('OKX.0', `instType=${type}`)), type === 'SPOT' ? 'spot' : 'swap', new Map()),
  )
  const unlisted = (symbol: string): Listed => ({ symbol, coinId: symbol, base: symbol, quote: 'USD', active: true })
  return new Instruments([...listed, unlisted('BTC-USD-220527'), unlisted('UNI-USD-SWAP')])
}

const mapper = () => mapperOf({ source: 'okx', instruments: instruments() })

/** The channel of single trades was called `trades` then. */
const today = (text: string): string => text.replace('{"channel":"trades"', '{"channel":"trades-all"')

interface Wire {
  readonly arg: { readonly channel: string; readonly instId: string }
  readonly data: readonly Readonly<Record<string, string>>[]
}

describeWith('recorded-data', 'OKX: a whole capture', () => {
  it('has the trades that the recorder counted, with every digit, and numbers without a gap', () => {
    const map = mapper()
    const texts = recordedTexts('OKX.ws.1.0').filter((text) => text.includes('"channel":"trades"') && text.includes('"data"'))
    const trades: Trade[] = []
    for (const text of texts) {
      const mapped = map(today(text), RECEIVED_AT) as Exclude<Mapped, undefined>
      if (mapped.kind !== 'trades') throw new Error(`${mapped.kind} of ${text}`)
      expect(mapped.rejected).toBeUndefined()
      const { data } = JSON.parse(text) as Wire
      expect(mapped.records).toHaveLength(data.length)
      for (const [index, record] of (mapped.records as readonly Trade[]).entries()) {
        const { px, sz, ts, tradeId, side } = data[index] as Wire['data'][number]
        expect(record).toMatchObject({
          price: decimal(px as string),
          amount: decimal(sz as string),
          time: Number(ts) * 1000,
          tradeId,
          sequence: Number(tradeId),
          side,
        })
        expect(trade.check(record)).toEqual(record)
        trades.push(record)
      }
    }
    expect(trades).toHaveLength(recordedCounts('OKX').trades as number)
    for (const some of Map.groupBy(trades, ({ coinId }) => coinId).values()) {
      const numbers = some.map(({ sequence = 0 }) => sequence)
      expect(numbers).toEqual(numbers.map((_, index) => (numbers[0] as number) + index))
    }
  })

  it('has the order books that the recorder counted, and the checksum of each holds', () => {
    const map = mapper()
    const books = new Map<string, BookFollower>()
    let verified = 0
    for (const text of recordedTexts('OKX.ws.1.0').filter(
      (some) => some.includes('"channel":"books"') && some.includes('"data"'),
    )) {
      const mapped = map(text, RECEIVED_AT) as Exclude<Mapped, undefined>
      if (mapped.kind !== 'book') throw new Error(`${mapped.kind} of ${text.slice(0, 100)}`)
      const { coinId } = mapped.instrument
      const follower = books.get(coinId) ?? new BookFollower({ protocol: okxBook, maxLevels: 400 })
      books.set(coinId, follower)
      expect(follower.follow(mapped.message)).toEqual({ kind: 'applied' })
      if (follower.verified) verified++
    }
    expect(verified).toBe(recordedCounts('OKX').l2_book)
  })

  it('understands every other message, acknowledgements among them', () => {
    const map = mapper()
    const acknowledged = recordedTexts('OKX.ws.1.0').flatMap((text) => {
      const mapped = map(text, RECEIVED_AT)
      return mapped?.kind === 'ack' ? (mapped.topics ?? []) : []
    })
    expect(new Set(acknowledged)).toEqual(
      new Set(
        ['tickers', 'trades', 'books'].flatMap((channel) =>
          ['BTC-USD-220527', 'UNI-USD-SWAP', 'BTC-USDT'].map((symbol) => `${channel}:${symbol}`),
        ),
      ),
    )
  })

  it('lists pairs, and linear perpetuals with the base units of a contract, but no inverse ones', () => {
    const list = instruments()
    expect(list.named('BTC/USDT')).toMatchObject({ symbol: 'BTC-USDT', tickSize: '0.1', lotSize: '0.00000001', active: true })
    expect(list.named('BTC/USDT:USDT')).toMatchObject({ symbol: 'BTC-USDT-SWAP', contractSize: '0.01', lotSize: '0.01' })
    expect(list.named('DOGE/USDT:USDT')).toMatchObject({ contractSize: '1000', lotSize: '1000' })
    expect(list.bySymbol('BTC-USD-SWAP')).toBeUndefined()
  })
})
