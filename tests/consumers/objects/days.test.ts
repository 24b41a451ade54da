import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { openStore, type Store } from '../../../lib/src/base/database/index.ts'
import { csv, type DayArchive, ndjson, parquet, type SegmentFormat } from '../../../lib/src/base/segments/index.ts'
import { ohlcv, type Price, price, type RecordType } from '../../../lib/src/base/types/index.ts'
import { Network } from '../../chaos/network.ts'
import { aBar, aPrice, MINUTE, MONDAY } from '../../database/records.ts'
import { testDatabase } from '../../support/database.ts'
import { type ObjectServer, startGcs, startS3 } from '../../support/objectServers.ts'
import { segmentFiles } from '../../support/segmentFiles.ts'
import { describeWith } from '../../support/services.ts'
import { temporary } from '../../support/temporary.ts'
import { until } from '../../support/until.ts'
import { killedAt } from '../compaction/killedAt.ts'
import { DAY, lakes } from '../compaction/lake.ts'
import { gcsBucket, s3Bucket, s3Client } from './bucket.ts'
import { dayLake, type Kind } from './dayLake.ts'
import { BUCKET, keep, never, openingGcs, openingS3 } from './destination.ts'
import { large } from './objectSuite.ts'

const { url } = await testDatabase()
const fileLake = await lakes('like-files')
const type = price as unknown as RecordType
const texts = (records: readonly Price[]): string[] => records.map((record) => price.encode(record))
const lines = (records: readonly Price[]): string => records.map((record) => `${price.encode(record)}\n`).join('')
const FOLDER = 'price/source=coingecko/date=2026-01-05'

let prefixes = 0

const suite = (kind: Kind) => () => {
  let server: ObjectServer
  let store: Store
  beforeAll(async () => {
    server = await (kind === 's3' ? startS3 : startGcs)(BUCKET)
    store = await openStore({ home: '.', databaseUrl: url })
  })
  afterAll(async () => {
    await server.stop()
    await store.close()
  })
  const open = (kind === 's3' ? openingS3 : openingGcs)(() => server.url)
  const bucket = () => (kind === 's3' ? s3Bucket(s3Client(server.url), BUCKET) : gcsBucket(server.url, BUCKET))
  async function lake(format: SegmentFormat = ndjson('none')) {
    const prefix = `days-${kind}-${++prefixes}`
    const made = await dayLake({ kind, open, endpoint: server.url, prefix, format })
    const day = `${prefix}-compacted/${FOLDER}/day.${format.extension}`
    const keys = () => bucket().keys(`${prefix}-compacted/`)
    const text = async () => (await bucket().bytes(day)).toString()
    return { ...made, prefix, day, keys, text }
  }

  test.each([ndjson('none'), csv('gzip'), parquet()])(
    '$extension: the object of a day is the file of that day',
    async (format) => {
      const [objects, files] = [await lake(format), await fileLake(format)]
      const digits = `${'1'.repeat(40)}.${'2'.repeat(39)}3`
      const prices = Array.from({ length: 60 }, (_, i) =>
        aPrice({
          coinId: `c${i % 7}`,
          time: MONDAY + (i % 11) * MINUTE,
          receivedAt: MONDAY + i,
          price: i % 5 ? `${i}.5` : digits,
        }),
      )
      const bars = [
        aBar({ isFinal: true, close: '10' }),
        aBar({ close: '11', receivedAt: MONDAY + DAY }),
        aBar({ timeframe: '1h' }),
      ]
      const parts: [{ encodeChecked(record: never): string }, readonly unknown[]][] = [
        [type, prices.slice(20)],
        [type, prices.slice(0, 25)],
        [ohlcv as unknown as RecordType, bars],
      ]
      for (const { add } of [objects, files])
        for (const [of, records] of parts)
          await add(
            of as unknown as RecordType,
            records.map((record) => of.encodeChecked(record as never)),
          )
      const report = await objects.compact()
      expect(report).toEqual(await files.compact())
      expect(report.made.map(({ segments, read, rows }) => [segments, read, rows])).toEqual([
        [1, 3, 2],
        [2, 65, 60],
      ])
      const expected = await segmentFiles(files.daysRoot)
      expect(await objects.keys()).toEqual(expected.map((path) => path.replace(files.daysRoot, `${objects.prefix}-compacted`)))
      for (const [i, key] of (await objects.keys()).entries())
        expect(Buffer.compare(await bucket().bytes(key), await readFile(expected[i] as string)), key).toBe(0)
      expect(await objects.compact()).toEqual({ made: [], unchanged: 2, failed: [] })
      expect(await objects.left()).toEqual([])
    },
  )

  test('killed before any of its steps, a day is the old or the new one, and the next run completes it', async () => {
    const prices = [1, 2].map((n) => aPrice({ price: `${n}`, time: MONDAY + n * MINUTE }))
    let kills = 0
    for (let step = 0, over = false; !over; step++) {
      const { days, add, compact, text } = await lake()
      await add(type, texts(prices.slice(0, 1)))
      await compact()
      await add(type, texts(prices.slice(1)))
      const { archive, killed } = killedAt(days, step)
      over = await Promise.race([killed.then(() => false), compact(archive).then(() => true)])
      expect([lines(prices.slice(0, 1)), lines(prices)]).toContain(await text())
      if (!over) kills++
      await compact()
      expect(await text()).toBe(lines(prices))
      expect(await compact()).toMatchObject({ made: [], unchanged: 1, failed: [] })
    }
    // Steps: the folders, the day, its names, two segments, the put and its note.
    expect(kills).toBe(7)
  })

  test('of two processes that compact one day, the one that was stopped meanwhile does not replace newer records', async () => {
    const { daysOf, add, compact, text } = await lake()
    const prices = [1, 2, 3].map((n) => aPrice({ price: `${n}`, time: MONDAY + n * MINUTE }))
    const [first, second, third] = prices.map((one) => price.encode(one)) as [string, string, string]
    await add(type, [first])
    const stopped = await daysOf()
    const reached = Promise.withResolvers<void>()
    const goOn = Promise.withResolvers<void>()
    let puts = 0
    const slow: DayArchive = {
      folders: () => stopped.folders(),
      day: (of) => stopped.day(of),
      names: (of) => stopped.names(of),
      segment: (of, name) => stopped.segment(of, name),
      note: (...of) => stopped.note(...of),
      publish: async (...of) => {
        if (puts++ > 0) return stopped.publish(...of)
        reached.resolve()
        await goOn.promise
        const published = await stopped.publish(...of)
        expect(published).toBeUndefined()
        return published
      },
    }
    const zombie = compact(slow, never, join(await temporary('zombie'), 'scratch'))
    await reached.promise
    await add(type, [second])
    expect(await compact()).toMatchObject({ made: [{ rows: 2 }] })
    await add(type, [third])
    goOn.resolve()
    expect(await zombie).toMatchObject({ made: [{ segments: 3, rows: 3 }], failed: [] })
    expect(await text()).toBe(lines(prices))
    expect(await compact()).toMatchObject({ made: [], unchanged: 1 })
  })

  test('two concurrent runs make each day once or twice, and it is complete', async () => {
    const { daysOf, add, compact, keys } = await lake()
    const prices = Array.from({ length: 20 }, (_, i) => aPrice({ time: MONDAY + (i % 4) * DAY + i * MINUTE, price: `${i}` }))
    for (const one of prices) await add(type, texts([one]))
    const others = await Promise.all([1, 2, 3].map(async () => [await daysOf(), await temporary('at-once')] as const))
    const reports = await Promise.all(others.map(([days, folder]) => compact(days, never, join(folder, 'scratch'))))
    for (const { failed } of reports) for (const { error } of failed) expect(error.code).toBe('CONFLICT')
    await compact()
    expect(await compact()).toMatchObject({ made: [], unchanged: 4, failed: [] })
    const found = await Promise.all((await keys()).map(async (key) => (await bucket().bytes(key)).toString()))
    expect(found.sort()).toEqual([0, 1, 2, 3].map((day) => lines(prices.filter((_, i) => i % 4 === day))).sort())
  })

  test('a server that goes down in the middle of a day leaves the old day, and the next run makes the new one', async () => {
    await using network = await Network.open(() => ({ host: '127.0.0.1', port: server.port }))
    const { daysOf, add, compact, keys, text, left } = await lake()
    const records = large()
    await add(type, texts([aPrice({ coinId: 'early' })]))
    await compact()
    const before = await text()
    await add(type, texts(records))
    const far = await daysOf(`http://127.0.0.1:${network.port}`)
    const compacting = compact(far)
    compacting.catch(() => {})
    // Slow enough to be in the middle of the second part.
    network.slow({ latencyMs: 1, bytesPerSecond: 20_000_000 })
    await network.passed(9 * 1024 * 1024)
    network.drop()
    await expect(compacting).rejects.toMatchObject({ retryable: true, code: 'UNAVAILABLE' })
    expect(await text()).toBe(before)
    expect(await left()).toEqual([])
    network.heal()
    expect(await compact(far)).toMatchObject({ made: [{ rows: records.length + 1 }] })
    expect((await bucket().bytes((await keys())[0] as string)).length).toBeGreaterThan(8 * 1024 * 1024)
    expect((await text()).split('\n')).toHaveLength(records.length + 2)
  }, 60_000)

  test('records of removed segments stay in their day', async () => {
    const { prefix, add, compact, text } = await lake()
    const prices = [1, 2, 3].map((n) => aPrice({ price: `${n}`, time: MONDAY + n * MINUTE }))
    const [first, second, third] = prices.map((one) => price.encode(one)) as [string, string, string]
    await add(type, [first])
    await compact()
    for (const key of await bucket().keys(`${prefix}/`)) await bucket().remove(key)
    expect(await compact()).toMatchObject({ made: [], unchanged: 0, failed: [] })
    await add(type, [second])
    expect(await compact()).toMatchObject({ made: [{ segments: 2, read: 2, rows: 2 }] })
    expect(await text()).toBe(lines(prices.slice(0, 2)))
    await add(type, [third])
    expect(await compact()).toMatchObject({ made: [{ segments: 3 }] })
    expect(await text()).toBe(lines(prices))
  })

  test('a damaged segment is named, and other days are compacted; a day that was changed or lost is made again', async () => {
    const { prefix, day, add, compact, keys, text } = await lake()
    const prices = [aPrice({ price: '1' }), aPrice({ price: '2', time: MONDAY + DAY })]
    await add(type, texts(prices))
    const [segment = ''] = await bucket().keys(`${prefix}/`)
    const whole = await bucket().bytes(segment)
    for (const damaged of [whole.subarray(0, -5), Buffer.concat([whole, whole]), Buffer.from('{}\n')]) {
      await bucket().overwrite(segment, damaged)
      const report = await compact()
      expect(report.failed).toMatchObject([
        {
          folder: FOLDER,
          error: { code: 'BAD_DATA', message: expect.stringContaining(`${segment} is damaged`) },
        },
      ])
    }
    expect(await keys()).toEqual([day.replace('2026-01-05', '2026-01-06')])
    await bucket().overwrite(segment, whole)
    expect(await compact()).toMatchObject({ made: [{ rows: 1 }], unchanged: 1, failed: [] })
    await bucket().remove(day)
    expect(await compact()).toMatchObject({ made: [{ rows: 1 }], unchanged: 1 })
    const note = `${prefix}-compacted/_qicore/${FOLDER}/day.json`
    await bucket().overwrite(note, Buffer.from('not JSON'))
    expect(await compact()).toMatchObject({ made: [{ rows: 1 }], unchanged: 1 })
    expect(await text()).toBe(lines(prices.slice(0, 1)))
  })

  test('a destination compacts closed days on its schedule, and on request', async () => {
    const prefix = `days-${kind}-${++prefixes}`
    const sink = await open({ prefix, compact: { after: '1d' } }, { store })
    onTestFinished(() => sink.close())
    await keep(sink, [aPrice(), aPrice({ time: Date.now() * 1000 })])
    const days = () => bucket().keys(`${prefix}-compacted/`)
    // The first run begins when the destination opens for its delivery.
    await sink.close()
    const again = await open({ prefix, compact: { after: '1d' } }, { store })
    onTestFinished(() => again.close())
    await using _ = await again.openLane({ index: 0 })
    await until(async () => (await days()).length === 1, 'the closed day')
    expect(await days()).toEqual([`${prefix}-compacted/${FOLDER}/day.ndjson`])
    await until(
      async () => (await again.compact?.({ signal: never }).catch(() => undefined))?.unchanged === 1,
      'nothing to be left to do',
    )
    expect(await again.check()).toMatchObject({ ok: true, summary: expect.stringContaining('exactly once') })
  })

  test('is refused where another destination owns the prefix of the days', async () => {
    const prefix = `days-${kind}-${++prefixes}`
    await (await open({ prefix: `${prefix}-compacted` }, { name: 'other' })).close()
    await expect(open({ prefix, compact: {} }, { store })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/-compacted: it belongs to destination "other": give each its own$/),
    })
    const sink = await open({ prefix }, { store })
    await expect(sink.compact?.({ signal: never })).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
    await sink.close()
  })
}

describeWith('versitygw', 'compacted days in S3', suite('s3'))
describeWith('fake-gcs-server', 'compacted days in Google Cloud Storage', suite('gcs'))
