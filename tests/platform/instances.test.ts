import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { defineSink, defineSource, type QiError } from '../../lib/src/base/types/index.ts'
import { sinkDefinitions } from '../../lib/src/consumers/index.ts'
import { destinationsOf, loadConfig } from '../../lib/src/streaming/platform/index.ts'
import { ndjson } from '../support/doubles/ndjson.ts'
import { temporary } from '../support/temporary.ts'

async function load(yaml: string, env: Readonly<Record<string, string>> = {}) {
  const cwd = await temporary('instances')
  await writeFile(join(cwd, 'qicore.yaml'), yaml)
  return loadConfig({ cwd, env })
}

const runs = async (yaml: string, env: Readonly<Record<string, string>> = {}) => (await load(yaml, env)).config.sources.run

test('the configured sources run, unless sources.run names others; a type can be named without being configured', async () => {
  const both = 'sources:\n  simulated:\n  second: { type: coingecko, currencies: [eur] }\n'
  expect(await runs('')).toBeUndefined()
  expect(await runs('sources:\n')).toBeUndefined()
  expect(await runs(both)).toEqual(['simulated', 'second'])
  expect(await runs(`${both}  run: [second]\n`)).toEqual(['second'])
  expect(await runs(both, { QICORE_SOURCES: 'second, coingecko' })).toEqual(['second', 'coingecko'])
  expect(await runs(both, { QICORE_SOURCES: 'none' })).toEqual([])
  expect(await runs('sources: { run: [] }')).toEqual([])
})

test('instances of one type have their own settings, and environment variables that begin with their names', async () => {
  const env = { COINGECKO_API_KEY: 'the-first-key', IN_EURO_API_KEY: 'the-second-key', COINGECKO_PLAN: 'demo' }
  const { config, provenance } = await load('sources:\n  in-euro: { type: coingecko, currencies: [eur], top: 5 }\n', env)
  const [first, second] = ['coingecko', 'in-euro'].map((name) => config.sources.instances.get(name))
  expect(first).toMatchObject({ settings: { api_key: 'the-first-key', plan: 'demo', currencies: ['usd'], top: 100 } })
  expect(second).toMatchObject({ type: first?.type, settings: { api_key: 'the-second-key', currencies: ['eur'], top: 5 } })
  expect(second?.settings.plan).toBeUndefined()
  expect(provenance).toContainEqual(
    expect.objectContaining({ path: 'sources.in-euro.api_key', from: 'environment IN_EURO_API_KEY', secret: true }),
  )
})

test.each([
  ['{ exchange: { interval_ms: 5 } }', /sources\.exchange: there is no type "exchange"; known: .*; .*sources\.exchange\.type/],
  ['{ a: { type: coingeko } }', 'sources.a.type "coingeko": there is no such type; did you mean coingecko?'],
  ['{ a: { type: 5 } }', 'sources.a.type "5": there is no such type'],
  ['{ simulated: { type: coingecko } }', 'sources.simulated.type coingecko: simulated is the name of another type'],
  ['{ manual: { type: simulated } }', 'sources.manual: "manual" is the source of what people and agents hand in'],
  ['{ none: { type: simulated } }', 'sources.none: "none" is the word for no source at all'],
  ['{ A b: { type: simulated } }', 'sources.A b: a name is lower-case letters'],
  ['{ a: { type: simulated, intervall_ms: 5 } }', 'unknown setting sources.a.intervall_ms; did you mean interval_ms?'],
  ['{ a: { type: simulated, interval_ms: x } }', 'sources.a.interval_ms "x" (qicore.yaml): '],
  ['{ a: { type: simulated }, run: [b] }', 'sources.run: there is no source "b"'],
  ['{ run: [manual] }', 'sources.run: "manual" is the source of what people and agents hand in, and no source to run'],
  ['{ run: [none, simulated] }', 'sources.run: "none" is the word for no source at all, and no source to run; it stands alone'],
  ['{ run: [simulated, simulated] }', 'sources.run names simulated twice'],
  ['[simulated]', 'sources ["simulated"]: expected names with their settings'],
  [
    '{ a-b: { type: coingecko }, a_b: { type: coingecko } }',
    'environment: A_B_API_KEY would set both sources.a-b.api_key and sources.a_b.api_key; rename one of the two',
  ],
  [
    '{ database: { type: coingecko } }',
    /environment: DATABASE_\w+ would set both sources\.database\.tls\.\w+ and database\.tls\.\w+/,
  ],
])('sources: %s is refused, with field, value and remedy', async (sources, message) => {
  const failure = await load(`sources: ${sources}\n`).catch((error: QiError) => error)
  expect(failure).toMatchObject({ code: 'CONFIG_INVALID' })
  expect((failure as QiError).message).toMatch(message)
})

test('an unknown source name in the environment', async () => {
  await expect(load('', { QICORE_SOURCES: 'simulatd' })).rejects.toThrow('there is no source "simulatd"; did you mean simulated?')
})

test('a type cannot use a reserved name or setting', () => {
  const parts = { summary: '', open: async () => Promise.reject(new Error('not opened')) }
  const config = z.object({ type: z.string() })
  expect(() => defineSource({ ...parts, name: 'x', config })).toThrow(/the type x has a setting "type".*sources\.<name>\.type/)
  expect(() => defineSource({ ...parts, name: 'manual', config: z.object({}) })).toThrow(/a source cannot be named "manual"/)
  expect(() => defineSink({ ...parts, name: 'x', config: z.object({ lanes: z.int() }) })).toThrow(/destinations\.<name>\.lanes/)
})

test.each([
  ['{ lake: {} }', `destinations.lake.type: there is no type "lake"; known: ${Object.keys(sinkDefinitions).join(', ')}, ndjson`],
  ['{ lake: { type: njson } }', 'destinations.lake.type: there is no type "njson"; did you mean ndjson?'],
  ['{ copy: { type: timescaledb } }', 'destinations.copy.type: timescaledb is the platform'],
  ['{ timescaledb: { type: ndjson } }', 'destinations.timescaledb.type: timescaledb is the platform'],
  ['{ lake: { type: ndjson, file: x, lane: 2 } }', 'destinations.lake.lane: unknown setting; did you mean lanes?'],
  ['{ lake: { type: ndjson, file: x, lanes: many } }', 'destinations.lake.lanes'],
  ['{ Lake: { type: ndjson } }', 'a name is lower-case letters, digits, - and _'],
  ['{ lake: { type: ndjson }, lake: { type: ndjson } }', 'destinations.lake is given twice, at line 1, column 17 and at line 1'],
  [
    '{ prices: { type: ndjson, file: x, records: [price] } }',
    'destinations.prices: its records would form the pipeline "prices", which is built in (consumers)',
  ],
])('destinations: %s is refused, with field and remedy', async (destinations, message) => {
  const types = { ...sinkDefinitions, ndjson }
  const read = async () => destinationsOf((await load(`destinations: ${destinations}\n`)).config, types)
  const failure = await read().catch((error: QiError) => error)
  expect(failure).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining(message) })
})
