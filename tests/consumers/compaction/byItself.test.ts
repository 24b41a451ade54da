import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { lockKeys, openStore, type Store } from '../../../lib/src/base/database/index.ts'
import {
  encodedBatch,
  formatTime,
  type Logger,
  nowMicros,
  type Price,
  price,
  type RecordType,
  type SegmentSink,
  silentLogger,
} from '../../../lib/src/base/types/index.ts'
import { file } from '../../../lib/src/consumers/sinks/file/index.ts'
import { aPrice, MINUTE } from '../../database/records.ts'
import { testDatabase } from '../../support/database.ts'
import { segmentFiles } from '../../support/segmentFiles.ts'
import { suiteFolder } from '../../support/temporary.ts'
import { until } from '../../support/until.ts'

const { url } = await testDatabase()
const home = await suiteFolder('by-itself')
const signal = new AbortController().signal
const HOUR_MS = 3_600_000
const DAY = 1440 * MINUTE

describe('scheduled compaction', () => {
  let store: Store
  beforeAll(async () => {
    store = await openStore({ home: '.', databaseUrl: url })
  })
  afterAll(() => store.close())

  /** A destination, its logged lines, and a way to add records to it. */
  async function lake(name: string, settings: object = { compact: { after: '1d' } }) {
    const logged = new Lines()
    const context = { name, pipeline: name, logger: logged, signal, home, store }
    const sink = (await file.open(file.config.parse({ path: name, ...settings }), context)) as SegmentSink
    onTestFinished(() => sink.close())
    const writer = await sink.openLane({ index: 0 })
    let offset = 0
    const add = async (...records: readonly Price[]) => {
      const values = records.map((record) => Buffer.from(price.encode(record)))
      const messages = values.map((value) => ({ offset: BigInt(offset++), key: null, value, timestamp: 0 }))
      await writer.add(price as unknown as RecordType, encodedBatch(price.topic, 0, messages))
      await writer.seal(signal)
    }
    const root = join(home, name)
    const days = async () => (await segmentFiles(`${root}-compacted`)).map((path) => path.match(/date=([\d-]+)/)?.[1])
    return { sink, add, logged, days, root }
  }

  test('compacts closed days when the destination opens and every hour, reports failures, and ends with the destination', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    onTestFinished(() => void vi.useRealTimers())
    const now = nowMicros()
    const dayOf = (time: number) => formatTime(time).slice(0, 10)
    const [long, over] = [dayOf(now - 5 * DAY), dayOf(now - 3 * DAY)]
    const first = await lake('early', {})
    await first.add(aPrice({ time: now - 5 * DAY }), aPrice({ time: now }), aPrice({ time: now - DAY }))
    await first.sink.close()
    expect(first.logged.all).toEqual([])
    expect(vi.getTimerCount()).toBe(0)

    const { sink, add, logged, days, root } = await lake('early')
    await until(() => logged.heard('a day was compacted'), 'the first day')
    await until(async () => isDeepStrictEqual(await days(), [long]), 'the first day alone')
    const hourly = (message: string) =>
      until(() => {
        vi.advanceTimersByTime(HOUR_MS)
        return logged.heard(message)
      }, message)
    await add(aPrice({ time: now - 3 * DAY }))
    await hourly('a day was compacted')
    await until(async () => isDeepStrictEqual(await days(), [long, over]), 'both days')

    await add(aPrice({ time: now - 5 * DAY, price: '2' }))
    const late = (await segmentFiles(root)).filter((path) => path.includes(long)).at(-1) as string
    const whole = await readFile(late)
    await writeFile(late, 'damaged\n')
    await hourly('compaction failed; trying again in an hour')
    expect(await sink.check()).toMatchObject({
      ...{ ok: false, degraded: true, error: { code: 'BAD_DATA' } },
      summary: expect.stringMatching(/can be written; compaction failed: price.*: .* is damaged/),
      remedy: expect.stringContaining('qicore destination compact'),
    })
    await writeFile(late, whole)
    await hourly('a day was compacted')
    await until(async () => (await sink.check()).ok, 'a check that finds nothing')
    await sink.close()
    expect(vi.getTimerCount()).toBe(0)
  })

  test('skips while another process compacts; a call throws CONFLICT', async () => {
    const { sink, add, days } = await lake('taken', {})
    await add(aPrice())
    const client = await store.pool.connect()
    try {
      const keys = [(await lockKeys(client)).compactions, 'taken']
      await client.query('select pg_advisory_lock($1, hashtext($2))', keys)
      await expect(sink.compact?.({ signal })).rejects.toMatchObject({
        code: 'CONFLICT',
        message: 'destination taken is being compacted by another process: try again when that is done',
      })
      expect(await days()).toEqual([])
      await client.query('select pg_advisory_unlock($1, hashtext($2))', keys)
    } finally {
      client.release()
    }
    expect(await sink.compact?.({ signal, until: Number.MAX_SAFE_INTEGER })).toMatchObject({ made: [{ rows: 1 }] })
    expect(await days()).toEqual(['2026-01-05'])
  })

  test('is refused where another destination owns the folder of the days', async () => {
    const { root } = await lake('shared', {})
    await lake('shared-compacted', {})
    await expect(lake('shared')).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
    await rm(root, { recursive: true })
  })
})

class Lines implements Logger {
  readonly all: string[] = []
  readonly debug = silentLogger.debug
  readonly info = (_fields: unknown, message: string): void => void this.all.push(message)
  readonly warn = this.info
  readonly error = this.info

  child(): this {
    return this
  }

  /** True if there was such a line; each counts once. */
  heard(message: string): boolean {
    const at = this.all.indexOf(message)
    if (at >= 0) this.all.splice(at, 1)
    return at >= 0
  }
}
