import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { price, type QiError } from '../../../lib/src/base/types/index.ts'
import { clickhouseFailure } from '../../../lib/src/consumers/sinks/clickhouse/failures.ts'
import { aPrice, MONDAY } from '../../database/records.ts'
import { type ClickHouseServer, startClickHouse } from '../../support/clickhouse.ts'
import { describeWith } from '../../support/services.ts'
import { openClickHouse, write } from './open.ts'

const opened = async (settings: Readonly<Record<string, unknown>>) => {
  const sink = await openClickHouse(settings)
  onTestFinished(() => sink.close())
  return sink
}
const failure = (promise: Promise<unknown>): Promise<QiError> =>
  promise.then(
    () => Promise.reject(new Error('it did not fail')),
    (error: QiError) => error,
  )

describe('settings of clickhouse that contradict one another are refused', () => {
  test.each([
    [
      { url: 'http://me:open-sesame@127.0.0.1' },
      /^destinations\.house\.url: it has a user or password: give destinations\.house\.username/,
    ],
    [{ url: 'http://127.0.0.1/?database=x' }, /^destinations\.house\.url: leave out the part after the question mark/],
    [{ tls: { enabled: true } }, /^destinations\.house\.tls: it needs a url that begins with https/],
    [{ url: 'https://127.0.0.1', tls: { ca: '/nowhere.pem' } }, /^destinations\.house\.tls\.ca "\/nowhere\.pem" cannot be read/],
  ])('%j', async (settings, message) => {
    const error = await failure(openClickHouse(settings))
    expect(error).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringMatching(message) })
    expect(error.message).not.toContain('sesame')
  })

  test.each([
    [{ url: 'clickhouse://127.0.0.1' }, /give the HTTP interface/],
    [{ database: 'a`b' }, /give letters, digits and underscores/],
    [{ table_prefix: 'a-b' }, /give letters, digits and underscores/],
  ])('%j, by the schema', async (settings, message) => {
    expect(() => openClickHouse(settings)).toThrow(message)
  })
})

describe('errors of clickhouse', () => {
  const site = { at: 'destinations.house', peer: 'http://house:8123' }
  test.each([
    ['516', 'UNAUTHORIZED', false, 'set destinations.house.username and destinations.house.password'],
    ['497', 'FORBIDDEN', false, 'let its user select, insert'],
    ['81', 'CONFIG_INVALID', false, 'create the database, or correct destinations.house.database'],
    ['252', 'UNAVAILABLE', true, 'raise destinations.house.batch.max_records'],
    ['241', 'UNAVAILABLE', true, 'its memory is used up'],
    ['243', 'UNAVAILABLE', true, 'its disk is full'],
    ['999', 'UNAVAILABLE', true, '(code 999)'],
  ])('%s is %s', (code, expected, retryable, remedy) => {
    const error = clickhouseFailure(Object.assign(new Error('words of the server'), { code }), site)
    expect(error).toMatchObject({ code: expected, retryable, message: expect.stringContaining(remedy) })
    expect(error.message).toMatch(/^ClickHouse at http:\/\/house:8123: words of the server/)
  })
})

describe('a clickhouse that cannot be reached', () => {
  test('is UNAVAILABLE, and works once it can be reached', async () => {
    const sink = await opened({ url: 'http://127.0.0.1:1' })
    expect(await failure(write(sink, price, [aPrice()]))).toMatchObject({
      code: 'UNAVAILABLE',
      retryable: true,
      message: expect.stringMatching(/^ClickHouse at http:\/\/127\.0\.0\.1:1: .*ECONNREFUSED/),
    })
    expect(await sink.check()).toMatchObject({ ok: false, error: { code: 'UNAVAILABLE' } })
  })

  test('times out when it accepts requests without answering', async () => {
    const silent = createServer(() => {}).listen(0, '127.0.0.1')
    onTestFinished(() => {
      silent.closeAllConnections()
      silent.close()
    })
    await new Promise((resolve) => silent.once('listening', resolve))
    const sink = await opened({ url: `http://127.0.0.1:${(silent.address() as AddressInfo).port}`, timeout: '200ms' })
    expect(await failure(write(sink, price, [aPrice()]))).toMatchObject({ code: 'TIMEOUT', retryable: true })
  })

  test('is UNAVAILABLE where another program answers', async () => {
    const other = createServer((_, response) => response.writeHead(502).end('<html>bad gateway</html>')).listen(0, '127.0.0.1')
    onTestFinished(() => {
      other.closeAllConnections()
      other.close()
    })
    await new Promise((resolve) => other.once('listening', resolve))
    const sink = await opened({ url: `http://127.0.0.1:${(other.address() as AddressInfo).port}` })
    expect(await failure(write(sink, price, [aPrice()]))).toMatchObject({ code: 'UNAVAILABLE', retryable: true })
  })
})

describeWith('clickhouse', 'clickhouse in trouble', () => {
  let server: ClickHouseServer
  beforeAll(async () => {
    server = await startClickHouse()
  })
  afterAll(() => server.stop())
  let tables = 0
  const prefixed = () => `t${++tables}_`
  const count = async (table: string) =>
    Number((await server.sql<{ n: string }>(`select count() as n from ${table} format JSONEachRow`))[0]?.n)

  test('a wrong password is refused with a remedy; the right one works', async () => {
    const settings = { url: server.url, username: 'writer', table_prefix: prefixed() }
    const error = await failure(write(await opened({ ...settings, password: 'closed-sesame' }), price, [aPrice()]))
    expect(error).toMatchObject({
      code: 'UNAUTHORIZED',
      retryable: false,
      message: expect.stringContaining('set destinations.house.username'),
    })
    expect(error.message).not.toContain('sesame')
    const sink = await opened({ ...settings, password: 'open-sesame' })
    expect(await write(sink, price, [aPrice()])).toMatchObject({ written: 1 })
    expect(await sink.check()).toMatchObject({ ok: true, summary: expect.stringMatching(/^ClickHouse \d+\.\d+/) })
  })

  test('a user without rights is refused with the rights that it needs', async () => {
    const sink = await opened({ url: server.url, username: 'reader', password: 'let-me-read', table_prefix: prefixed() })
    expect(await failure(write(sink, price, [aPrice()]))).toMatchObject({ code: 'FORBIDDEN', retryable: false })
  })

  test('the error about a missing database names it', async () => {
    const sink = await opened({ url: server.url, database: 'nowhere' })
    expect(await failure(write(sink, price, [aPrice()]))).toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('create the database, or correct destinations.house.database'),
    })
  })

  test('a killed server is written to again once it is back, and has its earlier rows', async () => {
    const own = await startClickHouse()
    onTestFinished(() => own.stop())
    const sink = await opened({ url: own.url })
    await write(sink, price, [aPrice({ coinId: 'one' })])
    await own.kill9()
    expect(await failure(write(sink, price, [aPrice({ coinId: 'two' })]))).toMatchObject({ code: 'UNAVAILABLE', retryable: true })
    await own.restart()
    expect(
      await write(
        sink,
        price,
        ['one', 'two'].map((coinId) => aPrice({ coinId })),
      ),
    ).toMatchObject({ written: 2 })
    expect(await own.sql('select coin_id from qicore_price_final order by coin_id format JSONEachRow')).toEqual([
      { coin_id: 'one' },
      { coin_id: 'two' },
    ])
  })

  test('a stopped server causes a timeout, and is written to again when it continues', async () => {
    const own = await startClickHouse()
    onTestFinished(() => own.stop())
    const sink = await opened({ url: own.url, timeout: '500ms' })
    await write(sink, price, [aPrice()])
    own.suspend()
    expect(await failure(write(sink, price, [aPrice()]))).toMatchObject({ code: 'TIMEOUT', retryable: true })
    own.resume()
    const patient = await opened({ url: own.url })
    expect(await write(patient, price, [aPrice()])).toMatchObject({ written: 1 })
  })

  test('too many parts are a retryable failure', async () => {
    const prefix = prefixed()
    const sink = await opened({ url: server.url, table_prefix: prefix })
    await write(sink, price, [aPrice()])
    await server.sql(`system stop merges ${prefix}price`)
    await server.sql(`alter table ${prefix}price modify setting parts_to_throw_insert = 1, parts_to_delay_insert = 1`)
    expect(await failure(write(sink, price, [aPrice({ receivedAt: MONDAY + 1 })]))).toMatchObject({
      code: 'UNAVAILABLE',
      retryable: true,
      message: expect.stringContaining('raise destinations.house.batch.max_records'),
    })
    await server.sql(`alter table ${prefix}price modify setting parts_to_throw_insert = 3000, parts_to_delay_insert = 1000`)
    expect(await write(sink, price, [aPrice({ receivedAt: MONDAY + 1 })])).toMatchObject({ written: 1 })
  })

  test('a dropped table is created again', async () => {
    const prefix = prefixed()
    const sink = await opened({ url: server.url, table_prefix: prefix })
    await write(sink, price, [aPrice()])
    await server.sql(`drop table ${prefix}price`)
    expect(await write(sink, price, [aPrice()])).toMatchObject({ written: 1, failed: [] })
    expect(await count(`${prefix}price_final`)).toBe(1)
  })

  describe('an existing table', () => {
    const start = `coin_id String, source String, time DateTime64(6,'UTC'), received_at DateTime64(6,'UTC'), origin String, currency String`
    const figures =
      'market_cap Nullable(Decimal(76,38)), volume_24h Nullable(Decimal(76,38)), change_24h_pct Nullable(Decimal(76,38))'
    const version = 'version UInt64 materialized toUInt64(toUnixTimestamp64Micro(received_at))'
    const priced = 'price Nullable(Decimal(76,38))'
    const key = 'order by (coin_id, source, currency, time)'
    const replacing = 'engine = ReplacingMergeTree(version)'

    test('gets the columns that it lacks', async () => {
      const prefix = prefixed()
      await server.sql(
        `create table ${prefix}price (${start}, ${priced}, own_note Nullable(String), ${version}) ${replacing} ${key}`,
      )
      const sink = await opened({ url: server.url, table_prefix: prefix })
      expect(await write(sink, price, [aPrice({ price: '9'.repeat(40) })])).toMatchObject({ written: 1 })
      expect(await server.sql(`select price_exact, market_cap from ${prefix}price_final format JSONEachRow`)).toEqual([
        { price_exact: '9'.repeat(40), market_cap: null },
      ])
    })

    test.each([
      ['another engine', `(${start}, ${priced}, ${figures}, ${version}) engine = MergeTree ${key}`, 'its engine is MergeTree'],
      [
        'no version',
        `(${start}, ${priced}, ${figures}, ${version}) engine = ReplacingMergeTree ${key}`,
        'its engine has no version column',
      ],
      [
        'another key',
        `(${start}, ${priced}, ${figures}, ${version}) ${replacing} order by (coin_id, time)`,
        'its sorting key is (coin_id, time)',
      ],
      [
        'figures that are cut',
        `(${start}, price Nullable(Decimal(38,18)), ${figures}, ${version}) ${replacing} ${key}`,
        'its column price is Nullable(Decimal(38, 18))',
      ],
      [
        'a version that nobody computes',
        `(${start}, ${priced}, ${figures}, version UInt64) ${replacing} ${key}`,
        'its column version is not computed',
      ],
    ])('with %s is refused', async (_, rest, fault) => {
      const prefix = prefixed()
      await server.sql(`create table ${prefix}price ${rest}`)
      const sink = await opened({ url: server.url, table_prefix: prefix })
      const error = await failure(write(sink, price, [aPrice()]))
      expect(error).toMatchObject({ code: 'CONFIG_INVALID', retryable: false, field: 'destinations.house.table_prefix' })
      expect(error.message).toContain(fault)
      expect(error.message).toContain('Choose another prefix')
      expect(await count(`${prefix}price`)).toBe(0)
    })
  })
})
