import { describe, expect, test } from 'vitest'
import type { Logger, Price, SegmentSink } from '../../../lib/src/base/types/index.ts'
import { Network } from '../../chaos/network.ts'
import { segmentSuite } from '../../contracts/segmentSuite.ts'
import { aPrice, MINUTE, MONDAY } from '../../database/records.ts'
import type { ObjectServer } from '../../support/objectServers.ts'
import { type Bucket, pricesIn } from './bucket.ts'
import { keep, laneOf, never, type Open } from './destination.ts'

export interface ObjectsUnderTest {
  readonly server: () => ObjectServer
  readonly bucket: () => Bucket
  /** Uses the endpoint of the server, unless the settings have another. */
  readonly open: Open
  readonly formats: readonly (readonly [format: string, compression: string])[]
}

/** Distinct records, larger than one part. */
export const large = (count = 45_000): Price[] =>
  Array.from({ length: count }, (_, i) => aPrice({ time: MONDAY + i, price: `${i + 1}${'1'.repeat(30)}.${'2'.repeat(40)}` }))

let prefixes = 0
const fresh = (): string => `test-${++prefixes}`

/** Tests of both kinds of buckets, beyond the contract of a segment sink. */
export function objectSuite(name: string, { server, bucket, open, formats }: ObjectsUnderTest): void {
  for (const [format, compression] of formats) {
    let prefix = fresh()
    segmentSuite(`${name} with ${format}, compression ${compression},`, {
      open: () => open({ prefix, format, compression }),
      prices: () => pricesIn(bucket(), `${prefix}/`),
      empty: async () => {
        prefix = fresh()
      },
    })
  }

  describe(name, () => {
    test('an object has a name, a content type, metadata, and every digit of its records', async () => {
      const digits = `${'1'.repeat(40)}.${'2'.repeat(39)}3`
      const prefix = fresh()
      const sink = await open({ prefix, format: 'csv', compression: 'zstd' })
      const late = { source: 'my-venue', time: MONDAY - MINUTE, price: digits }
      await keep(sink, [aPrice({ time: MONDAY }), aPrice(late), aPrice({ time: MONDAY + MINUTE, price: '7' })], 5)
      const keys = await bucket().keys(`${prefix}/`)
      expect(keys).toEqual([
        `${prefix}/price/source=coingecko/date=2026-01-05/lake+crypto-prices+0+00000000000000000005.csv.zst`,
        `${prefix}/price/source=my-venue/date=2026-01-04/lake+crypto-prices+0+00000000000000000006.csv.zst`,
      ])
      expect(await bucket().object(keys[0] as string)).toEqual({
        contentType: 'application/zstd',
        metadata: { 'qicore-first': '5', 'qicore-last': '7', 'qicore-rows': '2' },
      })
      expect((await pricesIn(bucket(), `${prefix}/`)).sort()).toEqual([digits, '65000.5', '7'].sort())
      await sink.close()
    })

    test('of two writers of the same segment the first one stays, and the other continues after it', async () => {
      const prefix = fresh()
      const sink = await open({ prefix })
      const records = ['1', '2', '3'].map((price, i) => aPrice({ price, time: MONDAY + i }))
      const zombie = await laneOf(sink, records)
      await keep(sink, records.slice(0, 2))
      expect(await zombie.seal(never)).toMatchObject([{ offset: 3n }])
      expect((await pricesIn(bucket(), `${prefix}/`)).sort()).toEqual(['1', '2', '3'])
      expect((await bucket().keys(`${prefix}/`)).map((key) => key.slice(-28))).toEqual(
        ['00000000000000000000.ndjson', '00000000000000000002.ndjson'].map((end) => `+${end}`),
      )
      await sink.close()
    })

    test('two pipelines with different records at the same offsets keep all of them', async () => {
      const prefix = fresh()
      for (const [pipeline, price] of [
        ['one', '1'],
        ['two', '2'],
      ] as const)
        await keep(await open({ prefix }, { pipeline }), [aPrice({ price })])
      expect((await pricesIn(bucket(), `${prefix}/`)).sort()).toEqual(['1', '2'])
    })

    test('a second destination with the prefix of another is refused, and so is another format', async () => {
      const prefix = fresh()
      await open({ prefix })
      await expect(open({ prefix }, { name: 'other' })).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
        field: 'destinations.other.prefix',
        message: expect.stringMatching(/^destinations\.other\.prefix: .*belongs to destination "lake": give each its own$/),
      })
      await expect(open({ prefix, format: 'parquet' })).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
        message: expect.stringMatching(
          /^destinations\.lake\.format: .*are ndjson, not parquet: keep the format, or give another prefix$/,
        ),
      })
      await open({ prefix: `${prefix}/below` }, { name: 'other' })
    })

    test('a missing bucket', async () => {
      await expect(open({ bucket: 'no-such-bucket' })).rejects.toMatchObject({
        code: 'NOT_FOUND',
        retryable: false,
        message: expect.stringMatching(/^destinations\.lake\.bucket: .*there is no bucket "no-such-bucket".*: create it/),
      })
    })

    test('check puts one name twice, and reports the guarantee', async () => {
      const prefix = fresh()
      const sink = await open({ prefix })
      expect(sink.guarantee).toBe('exactly_once')
      expect(await sink.check()).toMatchObject({
        ok: true,
        summary: expect.stringMatching(/a second put of one name is refused/),
      })
      await sink.close()
    })

    test('a segment of several parts is complete, and an existing one is not sent again', { timeout: 60_000 }, async () => {
      const prefix = fresh()
      const sink = await open({ prefix })
      const records = large()
      const zombie = await laneOf(sink, records)
      await keep(sink, records)
      expect(await zombie.seal(never)).toMatchObject([{ offset: BigInt(records.length) }])
      const [key = '', ...others] = await bucket().keys(`${prefix}/`)
      expect(others).toEqual([])
      expect((await bucket().bytes(key)).length).toBeGreaterThan(8 * 1024 * 1024)
      expect((await bucket().object(key)).metadata).toMatchObject({ 'qicore-last': `${records.length - 1}` })
      expect(await pricesIn(bucket(), `${prefix}/`)).toEqual(records.map(({ price }) => price))
      await sink.close()
    })

    test('an upload that is cut off leaves nothing visible, and is retried', { timeout: 60_000 }, async () => {
      const prefix = fresh()
      await using network = await Network.open(() => ({ host: '127.0.0.1', port: server().port }))
      const sink = await open({ prefix, endpoint: `http://127.0.0.1:${network.port}` })
      const records = large()
      const writer = await laneOf(sink, records)
      // Slow enough to be in the middle of the second part.
      network.slow({ latencyMs: 1, bytesPerSecond: 20_000_000 })
      const sealing = writer.seal(never)
      sealing.catch(() => {})
      await network.passed(9 * 1024 * 1024)
      network.drop()
      await expect(sealing).rejects.toMatchObject({ retryable: true, code: 'UNAVAILABLE' })
      expect(await bucket().keys(`${prefix}/`)).toEqual([])
      network.heal()
      expect(await writer.seal(never)).toMatchObject([{ offset: BigInt(records.length) }])
      expect((await pricesIn(bucket(), `${prefix}/`)).length).toBe(records.length)
      await sink.close()
    })

    test('a server that is killed and restarted has every record once', { timeout: 60_000 }, async () => {
      const prefix = fresh()
      const sink = await open({ prefix })
      await keep(sink, [aPrice({ price: '1' })])
      const writer = await laneOf(sink, [aPrice({ price: '1' }), aPrice({ price: '2', time: MONDAY + MINUTE })])
      await server().kill9()
      await expect(writer.seal(never)).rejects.toMatchObject({ retryable: true, code: 'UNAVAILABLE' })
      expect(await sink.check()).toMatchObject({ ok: false, error: { code: 'UNAVAILABLE' } })
      await expect(open({ prefix })).rejects.toMatchObject({ retryable: true })
      await server().restart()
      expect(await writer.seal(never)).toMatchObject([{ offset: 2n }])
      expect((await pricesIn(bucket(), `${prefix}/`)).sort()).toEqual(['1', '2'])
      await sink.close()
    })

    test('closing ends an upload that hangs', { timeout: 60_000 }, async () => {
      await using network = await Network.open(() => ({ host: '127.0.0.1', port: server().port }))
      const prefix = fresh()
      const sink = await open({ prefix, endpoint: `http://127.0.0.1:${network.port}` })
      const writer = await laneOf(sink, [aPrice()])
      network.hold()
      const sealing = writer.seal(never)
      sealing.catch(() => {})
      await sink.close()
      await expect(sealing).rejects.toThrow()
      network.heal()
    })
  })
}

/** Tests on an endpoint that ignores the condition of a put. */
export async function keepsRepeats(open: Open, bucket: Bucket): Promise<void> {
  const prefix = fresh()
  const warnings: string[] = []
  const logger = { warn: (_: unknown, text: string) => warnings.push(text), debug: () => {} } as unknown as Logger
  const sink: SegmentSink = await open({ prefix }, { logger })
  expect(sink.guarantee).toBe('at_least_once')
  expect(warnings).toEqual([
    expect.stringMatching(/^destination lake is at least once: .*does not refuse a second put of one name/),
  ])
  expect(await sink.check()).toMatchObject({
    ok: true,
    summary: expect.stringMatching(/at least once: the server does not refuse/),
  })
  const records = ['1', '2', '3'].map((price, i) => aPrice({ price, time: MONDAY + i }))
  const zombie = await laneOf(sink, records)
  await keep(sink, records.slice(0, 2))
  await zombie.seal(never)
  // Nothing is overwritten: the repeat is a second object.
  expect((await pricesIn(bucket, `${prefix}/`)).sort()).toEqual(['1', '1', '2', '2', '3'])
  expect(await keep(await open({ prefix }, { logger }), records)).toMatchObject([{ offset: 3n }])
  expect((await pricesIn(bucket, `${prefix}/`)).sort()).toEqual(['1', '1', '2', '2', '3'])
  await expect(open({ prefix }, { name: 'other', logger })).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
  await sink.close()
}
