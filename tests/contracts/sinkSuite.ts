import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodedBatch, type Price, price, type RecordType, type RowSink, trade } from '../../lib/src/base/types/index.ts'
import { laterValue } from '../support/laterRecords.ts'
import { SHRINKS } from '../support/shrinks.ts'

export interface SinkUnderTest {
  /** A sink on an empty target. */
  open(): Promise<RowSink>
  /** The prices in the target: one text a row, in any order. */
  prices(sink: RowSink): Promise<readonly string[]>
  /** A price that passes the record's own check and that the target can never take; left out where there is none. */
  readonly impossible?: Price
}

/** The suite for every sink. */
export function sinkSuite(name: string, { open, prices, impossible }: SinkUnderTest): void {
  describe(`${name} keeps the contract of a sink`, () => {
    test('answers for every record', async () => {
      await using sink = await open()
      expect(await sink.write(price, [priceOf(1), priceOf(2)])).toMatchObject({ written: 2, failed: [] })
      expect(await prices(sink)).toHaveLength(2)
      expect(await sink.write(price, [])).toMatchObject({ written: 0, failed: [] })
    })

    test('takes the types that it says it accepts', async () => {
      await using sink = await open()
      expect(sink.accepts(price as unknown as RecordType)).toBe(true)
      if (sink.accepts(trade as unknown as RecordType)) {
        const { coinId, source, time, receivedAt, origin, currency, price: paid } = priceOf(1)
        const one = {
          coinId,
          source,
          time,
          receivedAt,
          origin,
          currency,
          price: paid,
          amount: paid,
          tradeId: '7',
          side: 'buy' as const,
        }
        expect(await sink.write(trade, [one])).toMatchObject({ written: 1, failed: [] })
      }
    })

    test('the same records in any order, split and repeated, leave the same rows', async () => {
      const versions = [1, 2, 3, 4].flatMap((coin) => [0, 1, 2].map((version) => priceOf(coin, version)))
      await using reference = await open()
      if (reference.guarantee === 'at_least_once') return
      await reference.write(price, versions)
      const expected = [...(await prices(reference))].sort()
      expect(expected).toHaveLength(4)
      await fc.assert(
        fc.asyncProperty(
          fc.shuffledSubarray(versions, { minLength: versions.length }),
          fc.integer({ min: 3, max: 12 }),
          async (order, size) => {
            await using sink = await open()
            const counts = { written: 0, overwritten: 0 }
            for (let i = 0; i < order.length; i += size) {
              const { written, overwritten } = await sink.write(price, order.slice(i, i + size))
              counts.written += written
              counts.overwritten += overwritten ?? 0
            }
            // A sink that tells overwritten records apart counts each key as written once.
            if (counts.overwritten > 0) expect(counts).toEqual({ written: 4, overwritten: order.length - 4 })
            await sink.write(price, order.slice(0, 5))
            expect([...(await prices(sink))].sort()).toEqual(expected)
          },
        ),
        { ...SHRINKS, numRuns: 8 },
      )
    })

    test.skipIf(!impossible)('one record that it cannot take costs no other', async () => {
      await using sink = await open()
      const { written, failed } = await sink.write(price, [priceOf(1), impossible as Price, priceOf(2)])
      expect(written).toBe(2)
      expect(failed).toMatchObject([{ index: 1, error: { code: 'BAD_DATA', retryable: false } }])
      expect(await prices(sink)).toHaveLength(2)
    })

    test('a field of a later version costs a record nothing', async () => {
      await using sink = await open()
      const type = price as unknown as RecordType
      const value = Buffer.from(laterValue(price.toWire(priceOf(1))))
      const batch = encodedBatch(price.topic, 0, [{ offset: 0n, key: null, value, timestamp: 0 }])
      const written = sink.writeEncoded ? sink.writeEncoded(type, [batch]) : sink.write(price, [price.decode(value)])
      expect(await written).toMatchObject({ written: 1, failed: [] })
      expect(await prices(sink)).toHaveLength(1)
    })

    test('check exercises the real path, close may be called twice', async () => {
      const sink = await open()
      expect(await sink.check()).toMatchObject({ ok: true })
      await sink.close()
      await sink.close()
    })
  })
}

function priceOf(coin: number, version = 0): Price {
  return price.fromWire({
    coin_id: `coin-${coin}`,
    source: 'test',
    time: '2026-01-01T00:00:00.000001Z',
    received_at: `2026-01-01T00:00:0${version}Z`,
    origin: 'live',
    currency: 'usd',
    price: `${coin}.00000000000000000000${version + 1}`,
  })
}
