import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { EncodedRows } from '../../lib/src/base/database/copy/encoded.ts'
import { RowEncoder } from '../../lib/src/base/database/copy/rows.ts'
import { SeriesNumbers } from '../../lib/src/base/database/series/SeriesNumbers.ts'
import { tableOf } from '../../lib/src/base/database/tables/tables.ts'
import {
  ALWAYS,
  admit,
  type CalendarOf,
  EncodedBatch,
  formatTime,
  parseTime,
  type QiError,
  type RecordType,
  recordTypes,
} from '../../lib/src/base/types/index.ts'
import { OFFICE } from '../support/calendars.ts'
import { shuffledJson, wireRecord } from './wireRecords.ts'

// Compares the fast lane with the slow way: for any input both give the same COPY bytes or the same refusal.

/** The present; some generated times lie after it. */
const NOW = parseTime('2200-01-01T00:00:00Z')

const stored = (Object.values(recordTypes) as RecordType[]).filter((type) => type.table !== undefined)
const named = stored.map((type) => [type.name, type] as const)

/** Series numbers derived from the names. */
class AnyNumbers extends SeriesNumbers {
  override find(key: string): number | undefined {
    return super.mustLearn(key) ? Number.parseInt(createHash('sha1').update(key).digest('hex').slice(0, 12), 16) : undefined
  }

  override mustLearn(_key: string | undefined): _key is string {
    return false
  }
}
const numbersOf = (type: RecordType): SeriesNumbers | undefined => {
  const { series } = tableOf(type, {})
  return series && new AnyNumbers(series)
}

/** A row in hex, or the reason for its refusal. */
type Outcome = string | { code: string; message: string; field: string | undefined }

const refusal = ({ code, message, field }: QiError): Outcome => ({ code, message, field })

function decodedWay(type: RecordType, value: Uint8Array, calendarOf?: CalendarOf): Outcome {
  try {
    const record = admit(type, type.decode(value), NOW, calendarOf)
    const { rows, failed } = new RowEncoder(tableOf(type, {}), numbersOf(type)).encode([record], new Int32Array(1))
    return failed[0] ? refusal(failed[0].error) : rows.bytes.toString('hex')
  } catch (error) {
    return refusal(error as QiError)
  }
}

/** The values in one buffer, surrounded by bytes that would change the result if they were read. */
function batchOf(values: readonly Uint8Array[], keyOf: (i: number) => string | null = () => null): EncodedBatch {
  const around = Buffer.from('"}1,"0')
  const spans = new Int32Array(values.length * 2)
  const parts: Uint8Array[] = [around]
  let at = around.length
  values.forEach((value, i) => {
    spans[2 * i] = at
    spans[2 * i + 1] = at + value.length
    parts.push(value, around)
    at += value.length + around.length
  })
  const timestamps = new Float64Array(values.length)
  const keys = values.map((_, i) => keyOf(i))
  return new EncodedBatch({
    topic: 't',
    partition: 0,
    firstOffset: 0n,
    nextOffset: BigInt(values.length),
    bytes: Buffer.concat(parts),
    spans,
    keys,
    timestamps,
  })
}

function fastWay(encoder: EncodedRows, values: readonly Uint8Array[]): Outcome[] {
  const half = values.length >> 1
  const batches = [values.slice(0, half), values.slice(half)].filter((part) => part.length > 0).map((part) => batchOf(part))
  const scanned = encoder.open(batches)
  const rows = scanned.all()
  const { failed } = scanned
  const outcomes: Outcome[] = []
  for (const { index, error } of failed) outcomes[index] = refusal(error)
  for (let row = 0; row < rows.length; row++)
    outcomes[rows.records[row] as number] = rows.bytes.subarray(rows.starts[row], rows.starts[row + 1]).toString('hex')
  return outcomes
}

/** Mutations: one byte changed, inserted, removed or doubled, or the end cut off. */
const mutated = (json: fc.Arbitrary<string>): fc.Arbitrary<Uint8Array> =>
  fc
    .record({
      json,
      at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      byte: fc.oneof(fc.constantFrom(...Buffer.from('"{}:,.-+\\eE0123456789 \t\nntfZT\0')), fc.integer({ min: 0, max: 255 })),
      how: fc.constantFrom('replace', 'insert', 'remove', 'cut', 'append'),
    })
    .map(({ json: text, at, byte, how }) => {
      const bytes = Buffer.from(text)
      const place = Math.floor(at * bytes.length)
      const one = Buffer.from([byte])
      if (how === 'append') return Buffer.concat([bytes, one])
      if (how === 'cut') return bytes.subarray(0, place)
      const rest = bytes.subarray(how === 'insert' ? place : place + 1)
      return Buffer.concat([bytes.subarray(0, place), how === 'remove' ? Buffer.alloc(0) : one, rest])
    })

test.each(named)('%s: the fast lane and the slow way give the same rows and the same refusals', (_name, type) => {
  const encoder = new EncodedRows(type, tableOf(type, {}), numbersOf(type), () => NOW)
  const json = wireRecord(type).chain((wire) => shuffledJson(wire))
  const plain = wireRecord(type).map((wire) => JSON.stringify(wire))
  const value = fc.oneof(
    { weight: 3, arbitrary: json.map((text) => Buffer.from(text)) },
    { weight: 2, arbitrary: plain.map((text) => Buffer.from(text)) },
    { weight: 4, arbitrary: mutated(fc.oneof(json, plain)) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 20 }) },
  )
  let rows = 0
  let refused = 0
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 90, size: 'max' }), (values) => {
      const outcomes = values.map((one) => decodedWay(type, batchOf([one]).value(0)))
      expect(fastWay(encoder, values)).toEqual(outcomes)
      for (const outcome of outcomes) typeof outcome === 'string' ? rows++ : refused++
    }),
    { numRuns: 100 },
  )
  expect(rows).toBeGreaterThan(500)
  expect(refused).toBeGreaterThan(500)
})

test.each(named)(
  '%s: a record in our form, or with spaces, in another order and with fields of a later version, takes the fast lane',
  (_name, type) => {
    const encoder = new EncodedRows(type, tableOf(type, {}), numbersOf(type), () => Number.MAX_SAFE_INTEGER)
    // A final candle must be over.
    const over = (wire: Record<string, unknown>) =>
      'is_final' in wire
        ? { ...wire, received_at: formatTime(Number.MAX_SAFE_INTEGER), is_final: String(wire.time) < '2255' }
        : wire
    fc.assert(
      fc.property(
        wireRecord(type, { plain: true })
          .map(over)
          .chain((wire) => fc.tuple(fc.constant(wire), shuffledJson(wire, { plain: true }))),
        ([wire, json]) => {
          const own = type.encode(type.fromWire(wire))
          const scanned = encoder.open([batchOf([Buffer.from(own), Buffer.from(json)])])
          scanned.all()
          const { failed } = scanned
          expect(failed).toEqual([])
        },
      ),
      { numRuns: 200 },
    )
    expect(encoder.slow).toBe(0)
  },
)

test('rows of one series are adjacent, in order of arrival', () => {
  const type = recordTypes.trade as RecordType
  const times = '"time":"2026-01-01T00:00:00Z","received_at":"2026-01-01T00:00:00Z","origin":"live"'
  const values = Array.from({ length: 300 }, (_, i) =>
    Buffer.from(
      `{"coin_id":"c${i % 3}","source":"s",${times},"currency":"usd","trade_id":"${i}","side":"buy","price":"1","amount":"1"}`,
    ),
  )
  const rows = new EncodedRows(type, tableOf(type, {}), numbersOf(type), () => NOW)
    .open([batchOf(values, (i) => `s:c${i % 3}`)], 1000)
    .all()
  const expected = [0, 1, 2].flatMap((coin) => values.map((_, i) => 1000 + i).filter((i) => (i - 1000) % 3 === coin))
  expect([...rows.records]).toEqual(expected)
})

test('an early time is valid only if a number holds it exactly, on both ways', () => {
  const type = recordTypes.trade as RecordType
  const encoder = new EncodedRows(type, tableOf(type, {}), numbersOf(type), () => NOW)
  const rest = '"received_at":"2026-01-01T00:00:00Z","origin":"live","currency":"usd","trade_id":"1","side":"buy"'
  const values = ['0001-01-01T00:00:00Z', '1700-01-01T00:00:00.000001Z', '0828-05-01T00:00:00.000539Z'].map((time) =>
    Buffer.from(`{"coin_id":"c","source":"s","time":"${time}",${rest},"price":"1","amount":"1"}`),
  )
  const outcomes = fastWay(encoder, values)
  expect(outcomes).toEqual(values.map((value) => decodedWay(type, value)))
  expect(outcomes.map((outcome) => typeof outcome)).toEqual(['string', 'string', 'object'])
  const micros = (BigInt(Date.UTC(1700, 0, 1)) - BigInt(Date.UTC(2000, 0, 1))) * 1000n + 1n
  expect(outcomes[1]).toContain(BigInt.asUintN(64, micros).toString(16))
})

test('rows made piece by piece equal rows made at once', () => {
  const type = recordTypes.trade as RecordType
  const rest = '"received_at":"2026-01-01T00:00:00Z","origin":"live","currency":"usd","side":"buy","price":"1","amount":"1"}'
  const values = Array.from({ length: 5000 }, (_, i) =>
    Buffer.from(
      i % 1000 === 7 ? '{"broken' : `{"coin_id":"c","source":"s","trade_id":"${i}","time":"2026-01-01T00:00:00Z",${rest}`,
    ),
  )
  const encoder = new EncodedRows(type, tableOf(type, {}), numbersOf(type), () => NOW)
  const whole = encoder.open([batchOf(values)]).all()
  const scanned = encoder.open([batchOf(values)])
  const pieces = [...scanned.pieces()]
  expect(pieces.length).toBeGreaterThan(1)
  expect(Buffer.concat(pieces.map(({ bytes }) => bytes)).equals(whole.bytes)).toBe(true)
  expect(scanned.failed.map(({ index }) => index)).toEqual([7, 1007, 2007, 3007, 4007])
  // A second read yields all pieces again, as after a refusal by the database.
  expect(Buffer.concat([...scanned.pieces()].map(({ bytes }) => bytes)).equals(whole.bytes)).toBe(true)
})

test.each([
  ['1m', '2026-01-01T00:00:59.999999Z', false],
  ['1m', '2026-01-01T00:01:00Z', true],
  ['15m', '2026-01-01T00:14:59Z', false],
  ['15m', '2026-01-01T00:15:00Z', true],
  ['1w', '2026-01-07T23:59:59Z', false],
  ['1w', '2026-01-08T00:00:00Z', true],
] as const)(
  'a %s candle received at %s is closed: %s, on both ways and in any order of fields',
  (timeframe, received_at, closed) => {
    const type = recordTypes.ohlcv as RecordType
    const rest = { coin_id: 'c', source: 's', origin: 'live', currency: 'usd', open: '1', high: '1', low: '1', close: '1' }
    const wire = { ...rest, timeframe, time: '2026-01-01T00:00:00Z', received_at, is_final: true, built_from: 'provider' }
    const values = [wire, Object.fromEntries(Object.entries(wire).reverse())].map((one) => Buffer.from(JSON.stringify(one)))
    const open = { ...wire, is_final: closed }
    const expected = decodedWay(type, Buffer.from(JSON.stringify(open)))
    expect(expected).toEqual(expect.any(String))
    const encoder = new EncodedRows(type, tableOf(type, {}), numbersOf(type), () => parseTime('2026-01-10T12:00:00Z'))
    expect(fastWay(encoder, values)).toEqual([expected, expected])
    expect(encoder.slow).toBe(closed ? 0 : 2)
  },
)

test.each([
  ['1d', '2026-01-09T00:00:00Z', '2026-01-09T20:59:59Z', false],
  ['1d', '2026-01-09T00:00:00Z', '2026-01-09T21:00:00Z', true],
  ['1w', '2026-01-05T00:00:00Z', '2026-01-09T21:00:00Z', true],
  ['1h', '2026-01-09T20:00:00Z', '2026-01-09T20:59:59Z', false],
  // On a day without a session the bar ends with the day.
  ['1d', '2026-01-10T00:00:00Z', '2026-01-10T21:00:00Z', false],
] as const)(
  'where the market is open from 14:30 to 21:00, a %s bar of %s received at %s is closed: %s, on both ways',
  (timeframe, time, received_at, closed) => {
    const type = recordTypes.ohlcv as RecordType
    const rest = { coin_id: 'c', source: 's', origin: 'live', currency: 'usd', open: '1', high: '1', low: '1', close: '1' }
    const wire = { ...rest, timeframe, time, received_at, is_final: true, built_from: 'provider' }
    const calendarOf = ({ source }: { readonly source: string }) => (source === 's' ? OFFICE : ALWAYS)
    const now = () => parseTime('2026-01-12T00:00:00Z')
    const encoder = new EncodedRows(type, tableOf(type, {}), numbersOf(type), now, calendarOf)
    const given = [wire, { ...wire, source: 'other' }, wire].map((one) => Buffer.from(JSON.stringify(one)))
    const stored = [
      { ...wire, is_final: closed },
      { ...wire, source: 'other', is_final: false },
      { ...wire, is_final: closed },
    ]
    expect(fastWay(encoder, given)).toEqual(stored.map((one) => decodedWay(type, Buffer.from(JSON.stringify(one)), calendarOf)))
    expect(fastWay(encoder, given)).toEqual(given.map((one) => decodedWay(type, one, calendarOf)))
  },
)

test.each(['time', 'received_at'])('a %s more than five minutes ahead of the clock is refused, a nearer one is not', (field) => {
  const type = recordTypes.price as RecordType
  const value = (at: string) => {
    const wire = {
      coin_id: 'c',
      source: 's',
      time: '2026-01-01T00:00:00Z',
      received_at: '2026-01-01T00:00:00Z',
      origin: 'live',
    }
    return Buffer.from(JSON.stringify({ ...wire, currency: 'usd', price: '1', [field]: at }))
  }
  const encoder = new EncodedRows(type, tableOf(type, {}), numbersOf(type), () => parseTime('2026-01-10T12:00:00Z'))
  const [within, beyond] = fastWay(encoder, [value('2026-01-10T12:05:00Z'), value('2026-01-10T12:05:00.000001Z')])
  expect(within).toEqual(expect.any(String))
  expect(beyond).toEqual({
    code: 'BAD_DATA',
    field,
    message: `price: ${field} 2026-01-10T12:05:00.000001Z is from the future: the database's clock says 2026-01-10T12:00:00Z, and at most 5 minutes ahead of it are taken`,
  })
  expect(encoder.slow).toBe(1)
})
