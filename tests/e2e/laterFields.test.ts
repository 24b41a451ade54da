import { randomUUID } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type RunningServer, serve } from '../../app/server/index.ts'
import { type Price, parseExactJson, price } from '../../lib/src/base/types/index.ts'
import { file } from '../../lib/src/consumers/sinks/file/index.ts'
import { CryptoDataPlatform, loadConfig } from '../../lib/src/streaming/platform/index.ts'
import { makeProject, type Project } from '../app/cli/project.ts'
import { qicore } from '../app/cli/qicore.ts'
import { post } from '../app/server/tools/posting.ts'
import { subscribed } from '../app/server/webSocket.ts'
import { collect, folderOf, sourceOf } from '../publishers/replaying.ts'
import { testDatabase } from '../support/database.ts'
import { bytes, bytesOf } from '../support/doubles/bytes.ts'
import { ndjson } from '../support/doubles/ndjson.ts'
import { startKafka } from '../support/kafka.ts'
import { everyType, LATER, LATER_AND_SLOW, laterValue, sampleWire } from '../support/laterRecords.ts'
import { recordsIn } from '../support/segmentFiles.ts'
import { describeWith } from '../support/services.ts'
import { until } from '../support/until.ts'

// A newer process writes records with fields that this version does not know. Every reader keeps them, passes them on, or leaves them out.

const YAML = `sources: { run: [] }
partitions: 2
destinations:
  raw: { type: bytes, records: [price] }
  rows: { type: ndjson, file: rows.ndjson, records: [price] }
  lake: { type: file, path: lake, roll: { age: 50ms }, records: [price] }
`

/** The record as a reader shows it: JSON, or its fields. */
type Seen = string | Readonly<Record<string, unknown>>

async function suite(onKafka: boolean): Promise<void> {
  const { url: database } = await testDatabase()
  const source = `later-${randomUUID().slice(0, 8)}`
  const wire = sampleWire(price as never, source, 'bitcoin')
  const value = laterValue(wire)
  const copied = `copied-${source}`
  let env: Record<string, string>
  let kafka: Awaited<ReturnType<typeof startKafka>> | undefined
  let project: Project
  let cwd: string
  let platform: CryptoDataPlatform
  let server: RunningServer

  const append = (text: string, key = `${source}:bitcoin`, topic: string = price.topic) =>
    platform.stream.append(topic, [{ key, value: text }])
  const isMine = (record: Readonly<Record<string, unknown>>) => record.source === source && record.coin_id === 'bitcoin'
  const mine = (texts: readonly string[]) =>
    texts.find((text) => text.includes(`"source":"${source}"`) && text.includes('bitcoin'))
  const json = async (path: string) => (await fetch(`${server.url}/api/v1/${path}`)).json() as Promise<Record<string, Seen[]>>
  const cli = async (...args: string[]) => {
    const ended = await qicore(args, { cwd, env })
    expect(ended.stderr).toBe('')
    return ended.stdout
  }
  const replayed = async (name: string, text: string, more: Record<string, unknown> = {}) => {
    const { records, rejected } = await collect(sourceOf({ path: join(folderOf({ [name]: text }), name), ...more }))
    expect(rejected).toEqual([])
    return { ...price.toWire(records[0] as Price), origin: wire.origin }
  }

  beforeAll(async () => {
    kafka = onKafka ? await startKafka() : undefined
    project = await makeProject('later', YAML)
    cwd = project.cwd
    env = { DATABASE_URL: database, QICORE_SOURCES: 'none', ...(kafka && { REDPANDA_BROKERS: kafka.brokers }) }
    const { config } = loadConfig({ cwd, env })
    platform = new CryptoDataPlatform({ config, sinkTypes: { bytes, ndjson, file } })
    await platform.start()
    server = await serve({ platform, config: { server: { host: '127.0.0.1', port: 0 } as never } })
    const to = `to:\n  - { topic: ${copied}, record: price }\n`
    await platform.pipelines.deploy(
      { text: `version: 1\nfrom: { records: [price] }\n${to}`, name: copied },
      { replaces: 0, by: 'ann' },
    )
    await append(value)
  })
  afterAll(async () => {
    await server?.close()
    await platform?.stop()
    await kafka?.stop()
    await project?.[Symbol.asyncDispose]()
  })

  const tailed = (...more: string[]) => cli('tail', 'price', '--from', 'earliest', '--until-end', ...more)

  const KEPT: Readonly<Record<string, () => Promise<Seen>>> = {
    'a sink that takes bytes': () => until(() => mine(bytesOf.get('raw') ?? []), 'the bytes'),
    'a segment sink': async () => {
      const lake = join(platform.config.home, 'lake')
      return until(async () => (await recordsIn(lake)).find(isMine), 'the segment')
    },
    'a topic of a pipeline': () =>
      until(async () => {
        const found: string[] = []
        for await (const batch of platform.stream.read({ topics: [copied], from: 'earliest', untilEnd: true }))
          for (let i = 0; i < batch.length; i++) found.push(Buffer.from(batch.value(i)).toString())
        return mine(found)
      }, 'the copy'),
    'a subscription over WebSocket': async () => {
      const live = await subscribed(server.url, { sources: [source] })
      const batched = await subscribed(server.url, { sources: [source], batch: true })
      await append(value)
      const { data } = await live.next('record')
      expect((await batched.next('records')).data).toEqual([data])
      return data as Seen
    },
    'tail, as JSON': async () => mine((await tailed('--json')).split('\n')) as string,
    consume_stream_data: async () => {
      const { body } = await post(server.url, 'consume_stream_data', { topic: price.topic, limit: 50 })
      return (body.records as { record: Record<string, Seen> }[]).find(({ record }) => record && isMine(record))?.record as Seen
    },
    'a dead letter, and its replay by id': async () => {
      await append(value.replaceAll('bitcoin', 'refused'), `${source}:refused`)
      const find = async () => (await platform.deadLetters.list({ topic: price.topic })).find((one) => one.value.includes(source))
      const letter = await until(find, 'the dead letter')
      expect(letter.value).toBe(value.replaceAll('bitcoin', 'refused'))
      expect(await platform.deadLetters.replay({ ids: [letter.id] })).toEqual({ replayed: 1, refused: [] })
      const arrived = (text: string) => text.includes(source) && text.includes('refused')
      return (await until(() => bytesOf.get('raw')?.find(arrived), 'the replayed record')).replaceAll('refused', 'bitcoin')
    },
    'a dead letter corrected by a file': async () => {
      const file = join(cwd, 'mended.ndjson')
      await writeFile(
        file,
        `{"topic":"${price.topic}","urgency":"of a later version","value":${value.replaceAll('bitcoin', 'mended')}}\n`,
      )
      expect(JSON.parse(await cli('dlq', 'replay', '--from', file, '--json'))).toMatchObject({ replayed: 1 })
      const arrived = (text: string) => text.includes(source) && text.includes('mended')
      return (await until(() => bytesOf.get('raw')?.find(arrived), 'the corrected record')).replaceAll('mended', 'bitcoin')
    },
  }

  const LEFT_OUT: Readonly<Record<string, () => Promise<Seen>>> = {
    'a sink that takes decoded records': async () => {
      const file = join(platform.config.home, 'rows.ndjson')
      const line = await until(async () => mine((await readFile(file, 'utf8').catch(() => '')).split('\n')), 'the line')
      return (JSON.parse(line) as { record: Record<string, unknown> }).record
    },
    'the latest prices over HTTP': () =>
      until(async () => (await json(`prices/latest?sources=${source}&coins=bitcoin`)).items?.[0], 'the latest price'),
    'qicore query': async () =>
      (JSON.parse(await cli('query', 'latest', 'bitcoin', '--source', source, '--json')) as { items: Seen[] }).items[0] as Seen,
    'a recorded file, NDJSON': () => replayed('price.ndjson', `${value}\n`),
    'what tail prints, as a recorded file': async () =>
      replayed('price.ndjson', `${mine((await tailed('--json')).split('\n'))}\n`),
    'a recorded file, CSV': () => {
      const row = { ...wire, fee: '0.1', note: 'later' }
      return replayed('price.csv', `${Object.keys(row).join()}\n${Object.values(row).join()}\n`)
    },
    'the library': async () => {
      for await (const batch of platform.stream.read({ topics: [price.topic], from: 'earliest', untilEnd: true }))
        for (const { record } of batch.decode(price)) if (record && isMine(price.toWire(record))) return price.toWire(record)
      throw new Error('it is not in the topic')
    },
  }

  test.each(Object.entries(KEPT))('%s keeps them', async (_, see) => {
    const seen = await see()
    const text = typeof seen === 'string' ? seen : JSON.stringify(seen)
    expect(JSON.parse(text)).toMatchObject(wire)
    expect(JSON.parse(text)).toMatchObject(JSON.parse(`{${LATER}}`))
    if (typeof seen === 'string')
      expect(JSON.stringify((parseExactJson(seen) as { fee: unknown }).fee)).toBe('0.10000000000000000001')
  })

  test.each(Object.entries(LEFT_OUT))('%s leaves them out', async (_, see) => {
    const seen = await see()
    expect(typeof seen === 'string' ? JSON.parse(seen) : seen).toMatchObject(wire)
    for (const name of ['fee', 'depth', 'note']) expect(seen).not.toHaveProperty(name)
  })

  test('tail shows them', async () => {
    const line = (await tailed()).split('\n').find((one) => one.includes(source) && one.includes('bitcoin'))
    expect(line).toContain(`fee=0.10000000000000000001 depth=[["1.50",{"deep":[null,true]}]] note=later`)
  })

  test('the store takes every record type by both ways, also into tables that have the new column already', async () => {
    const { pool } = platform.store
    await pool.query('alter table crypto_prices_rows add column fee numeric')
    expect(await platform.store.check()).toMatchObject({ ok: true })
    const ways = {
      plain: (one: object) => JSON.stringify(one),
      fast: laterValue,
      slow: (one: object) => laterValue({ ...one }, LATER_AND_SLOW),
    }
    for (const type of everyType)
      for (const [way, write] of Object.entries(ways))
        await append(write(sampleWire(type, `${source}-${way}`, 'coin') as never), `${source}-${way}:coin`, type.topic)
    const tables = new Set(everyType.map(({ table }) => table ?? 'currencies'))
    for (const table of tables) {
      const rows = await until(async () => {
        const { rows: found } = await pool.query(`select * from ${table} where source like '${source}-%' order by source`)
        return found.length === 3 && found
      }, `the rows of ${table}`)
      expect(rows.map(({ source: of }) => of)).toEqual(['fast', 'plain', 'slow'].map((way) => `${source}-${way}`))
      const [one, ...others] = rows.map((row) => ({ ...row, source: '', series: '' }))
      expect(others).toEqual([one, one])
    }
    const letters = await platform.deadLetters.list({ limit: 1000 })
    expect(letters.filter(({ destination }) => destination !== 'raw')).toEqual([])
  })

  test('reprocess stores the record again', async () => {
    const { pool } = platform.store
    const count = async () =>
      (await pool.query(`select 1 from crypto_prices where source = '${source}' and coin_id = 'bitcoin'`)).rowCount
    await until(async () => (await count()) === 1, 'the row')
    await pool.query(`delete from crypto_prices where source = '${source}'`)
    expect(await platform.reprocess({ topic: price.topic })).toMatchObject({ deadLettered: 0 })
    expect(await count()).toBe(1)
  })
}

describe('fields of a later version over the embedded log', () => suite(false))
describeWith('kafka', 'fields of a later version over Kafka', () => suite(true))
