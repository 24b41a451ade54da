import { expect, test } from 'vitest'
import { type DeadLetterEntry, price, QiError } from '../../lib/src/base/types/index.ts'
import { framed, frameOf } from '../../lib/src/base/types/wire/index.ts'
import {
  type DeadLetter,
  DeadLetters,
  deadLetterJson,
  MAX_VALUE_BYTES,
  parseDeadLetters,
} from '../../lib/src/streaming/pipelines/index.ts'
import { MemoryStream } from '../support/memoryStream.ts'

const TOPIC = 'crypto-prices'
const wire = {
  coin_id: 'bitcoin',
  source: 'coingecko',
  time: '2026-01-01T00:00:00Z',
  received_at: '2026-01-01T00:00:01Z',
  origin: 'live',
  currency: 'usd',
  price: '123456789012345.12345678',
}
const letter = (more: Partial<DeadLetter> = {}): DeadLetter => ({
  topic: TOPIC,
  stage: 'store',
  partition: 3,
  offset: 17n,
  reason: 'price "abc": expected a decimal string',
  attempts: 2,
  value: JSON.stringify({ ...wire, price: 'abc' }),
  key: 'coingecko:bitcoin',
  source: 'coingecko',
  ...more,
})

async function opened(...letters: DeadLetter[]) {
  const stream = new MemoryStream()
  await stream.createTopics([TOPIC])
  const deadLetters = new DeadLetters(stream)
  if (letters.length > 0) await deadLetters.put(letters)
  return { stream, deadLetters }
}

test('a letter is listed with its original bytes, its origin and its reason', async () => {
  const bytes = Uint8Array.of(0xff, 0x00, 0x80)
  const { stream, deadLetters } = await opened(letter(), letter({ offset: 18n, value: bytes, key: null }))
  const [text, binary] = await deadLetters.list()
  expect(text).toMatchObject({
    id: 'crypto-prices.dlq/0/0',
    topic: TOPIC,
    stage: 'store',
    partition: 3,
    offset: 17n,
    reason: 'price "abc": expected a decimal string',
    attempts: 2,
    key: 'coingecko:bitcoin',
    source: 'coingecko',
    encoding: 'utf8',
    times: 1,
    replayed: false,
  })
  expect(JSON.parse((text as { value: string }).value).price).toBe('abc')
  expect(binary).toMatchObject({ encoding: 'base64', value: Buffer.from(bytes).toString('base64'), key: null })
  expect((await stream.describeTopics(['crypto-prices.dlq']))[0]?.partitions).toHaveLength(1)
})

test('an original that was delivered twice is listed once; letters without a place are listed each', async () => {
  const unplaced: DeadLetter = { topic: TOPIC, stage: 'publish', reason: 'r', attempts: 1, value: 'x', key: null }
  const { deadLetters } = await opened(letter(), letter({ reason: 'again' }), letter({ stage: 'publish' }), unplaced, unplaced)
  const entries = await deadLetters.list({ topic: TOPIC })
  expect(entries.map(({ stage, times }) => [stage, times])).toEqual([
    ['store', 2],
    ['publish', 1],
    ['publish', 1],
    ['publish', 1],
  ])
})

test('without letters the list is empty', async () => {
  const { deadLetters } = await opened()
  expect(await deadLetters.list()).toEqual([])
  expect(await deadLetters.list({ topic: TOPIC })).toEqual([])
})

test('lists the newest of many over several topics, or only the pending ones', async () => {
  const { stream, deadLetters } = await opened()
  let clock = 0
  stream.now = () => clock++
  await deadLetters.put(Array.from({ length: 3000 }, (_, i) => letter({ offset: BigInt(i), value: JSON.stringify(wire) })))
  await deadLetters.put([letter({ topic: 'crypto-ohlcv', offset: 9999n })])
  expect((await deadLetters.list({ limit: 2 })).map((entry) => entry.offset)).toEqual([2999n, 9999n])
  expect(await deadLetters.list({ limit: 0 })).toEqual([])
  const newest = await deadLetters.list({ topic: TOPIC, limit: 2990 })
  expect(await deadLetters.replay({ ids: newest.map((entry) => entry.id) })).toEqual({ replayed: 2990, refused: [] })
  expect((await deadLetters.list({ topic: TOPIC, limit: 5, pending: true })).map((entry) => entry.offset)).toEqual([
    5n,
    6n,
    7n,
    8n,
    9n,
  ])
})

test('export, correct, replay: validated, keyed again, marked as replayed', async () => {
  const { stream, deadLetters } = await opened(letter(), letter({ offset: 18n }))
  const [first, ...rest] = (await deadLetters.list()).map(deadLetterJson)
  const mended = JSON.stringify([{ ...first, value: JSON.stringify({ ...wire, coin_id: 'ethereum', price: '77.50' }) }, ...rest])
  const { replayed, refused } = await deadLetters.replay({ entries: parseDeadLetters(mended) })
  expect(replayed).toBe(1)
  expect(refused).toHaveLength(1)
  expect(refused[0]).toMatchObject({ index: 1, id: 'crypto-prices.dlq/0/1' })
  expect(refused[0]?.error.message).toContain('price "abc": expected a decimal string')
  const [sent, ...others] = stream.texts(TOPIC)
  expect(others).toEqual([])
  expect(price.decode(Buffer.from(sent?.text ?? ''))).toMatchObject({ price: '77.5', currency: 'usd' })
  expect(sent?.key).toBe('coingecko:ethereum')
  expect((await deadLetters.list()).map((entry) => entry.replayed)).toEqual([true, false])
  expect((await deadLetters.list({ pending: true })).map((entry) => entry.offset)).toEqual([18n])
})

test('fields of a later version are replayed under the schema that allows them', async () => {
  const { stream, deadLetters } = await opened()
  const json = `{"fee":0.10,${JSON.stringify(wire).slice(1)}`
  await deadLetters.put([letter({ value: framed(frameOf(9), json) }), letter({ offset: 18n, value: JSON.stringify(wire) })])
  const [later, own] = await deadLetters.list()
  expect(later).toMatchObject({ schemaId: 9, value: json })
  expect(parseDeadLetters(JSON.stringify(deadLetterJson(later as DeadLetterEntry)))).toMatchObject([{ schemaId: 9 }])
  expect(await deadLetters.replay({ ids: [later?.id as string, own?.id as string] })).toEqual({ replayed: 2, refused: [] })
  const whole = `${JSON.stringify(wire).slice(0, -1)},"fee":0.10}`
  const sent = stream.appends.filter(({ topic }) => topic === TOPIC).flatMap(({ messages }) => messages)
  expect(sent.map(({ value }) => value)).toEqual([framed(frameOf(9), whole), JSON.stringify(wire)])
})

test('a letter that cannot be replayed is refused with a reason, and nothing is appended', async () => {
  const { stream, deadLetters } = await opened(letter({ value: 'x'.repeat(MAX_VALUE_BYTES + 1) }))
  const ids = ['nonsense', 'crypto-prices/0/0', 'crypto-prices.dlq/0/99', 'other.dlq/0/0', 'crypto-prices.dlq/0/0']
  const { replayed, refused } = await deadLetters.replay({ ids })
  expect(replayed).toBe(0)
  expect(refused.map(({ error }) => error.code)).toEqual(['BAD_REQUEST', 'BAD_REQUEST', 'NOT_FOUND', 'NOT_FOUND', 'BAD_DATA'])
  expect(refused[4]?.error.message).toBe('only 900000 of its 900001 bytes were kept')
  const unknown = await deadLetters.replay({ entries: [{ topic: 'weather', value: '{}' }] })
  expect(unknown.refused[0]?.error.message).toBe('topic "weather" carries no record type')
  expect(stream.texts(TOPIC)).toEqual([])
})

test('headers have no characters that a database cannot store', async () => {
  const { stream, deadLetters } = await opened(letter({ reason: `a\0b\ud800${'r'.repeat(9000)}`, key: 'coingecko:\0' }))
  const [entry] = await deadLetters.list()
  expect(entry?.reason.isWellFormed() && !entry.reason.includes('\0') && entry.reason.length === 4000).toBe(true)
  expect(stream.texts('crypto-prices.dlq')[0]?.key).toBe('coingecko:\uFFFD')
})

test('a file can be NDJSON, have the value as an object, or be one entry over several lines', async () => {
  const entry = { id: 'crypto-prices.dlq/0/0', topic: TOPIC, value: JSON.stringify(wire) }
  const asObject = `{"topic":"${TOPIC}","value":{"n":1.50,"t":"x"}}`
  expect(parseDeadLetters(`${JSON.stringify(entry)}\n\n${asObject}\n`)).toEqual([
    entry,
    { topic: TOPIC, value: '{"n":1.50,"t":"x"}' },
  ])
  expect(parseDeadLetters(JSON.stringify(entry, null, 2))).toEqual([entry])
  expect(parseDeadLetters('')).toEqual([])
  const later = { ...entry, schema_id: 7, urgency: { not: 'known yet' } }
  expect(parseDeadLetters(JSON.stringify(later))).toEqual([{ ...entry, schemaId: 7 }])
})

test.each([
  ['[{"topic":"t","value":"v"},{"value":"v"}]', 'entry 2: topic: expected the name of a topic'],
  ['[{"topic":"t"}]', "entry 1: value: expected the record's JSON, as text or as an object"],
  ['[{"topic":"t","value":1}]', "entry 1: value: expected the record's JSON, as text or as an object"],
  ['[{"topic":"t","valeu":"v"}]', 'entry 1: valeu: unknown field; did you mean value?'],
  ['[7]', 'entry 1: expected an object with topic and value'],
  ['[{"topic":"t","value":"v","encoding":"hex"}]', 'entry 1: encoding: expected utf8 or base64'],
  ['{"topic":"t","value":"v"}\n{broken', 'line 2: not JSON: '],
])('an invalid file: %s', (text, message) => {
  expect(() => parseDeadLetters(text)).toThrow(message)
  expect(() => parseDeadLetters(text)).toThrow(QiError)
})
