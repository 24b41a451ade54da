import fc from 'fast-check'
import { decimal, ohlcv, price, quote, type RecordType, type RecordValues, trade } from '../../lib/src/base/types/index.ts'
import { aBar, aPrice, MINUTE, MONDAY } from '../database/records.ts'

const coin = fc.constantFrom('one', 'two')
const few = fc.nat(3)
/** Content follows from what orders the records: two that tie are one record. */
const prices = fc
  .record({ coinId: coin, at: few, seen: few })
  .map(({ coinId, at, seen }) => aPrice({ coinId, time: MONDAY + at, receivedAt: MONDAY + seen, price: `${at}.${seen + 1}` }))
const bars = fc.record({ coinId: coin, at: few, seen: few, isFinal: fc.boolean() }).map(({ coinId, at, seen, isFinal }) =>
  aBar({
    ...{ coinId, isFinal, time: MONDAY + at * MINUTE, receivedAt: MONDAY + 10 * MINUTE + seen },
    close: `${10 + at}.${seen + 1}${isFinal ? '1' : '2'}`,
    high: '99',
  }),
)
const trades = fc
  .record({ coinId: coin, at: few, seen: few, id: fc.constantFrom('9', '10', 'b', 'aa'), numbered: fc.boolean() })
  .map(({ coinId, at, seen, id, numbered }) => {
    const { price: paid, ...common } = aPrice({ coinId, time: MONDAY + at, receivedAt: MONDAY + seen })
    const counts = numbered && /^\d+$/.test(id)
    const tradeId = counts ? id : `x${id}`
    return {
      ...common,
      tradeId,
      side: 'buy' as const,
      price: paid,
      amount: decimal(`${seen + 1}`),
      ...(counts && { sequence: Number(id) }),
    }
  })
const quotes = fc.record({ coinId: coin, at: few, seen: few, sequence: few }).map(({ coinId, at, seen, sequence }) => {
  const {
    coinId: id,
    source,
    time,
    receivedAt,
    origin,
    currency,
  } = aPrice({ coinId, time: MONDAY + at, receivedAt: MONDAY + seen })
  const figures = { bid: decimal(`${seen + 1}`), bidSize: decimal('1'), ask: decimal('9'), askSize: decimal('1') }
  return { coinId: id, source, time, receivedAt, origin, currency, sequence, ...figures }
})

/** Types of which records come in versions, with records of few keys and moments, and where the store has them. */
export const VERSIONED = [
  { type: price, records: prices, table: 'crypto_prices', series: 'coin_id, source, currency' },
  { type: ohlcv, records: bars, table: 'ohlcv_data', series: 'coin_id, source, currency, timeframe' },
  { type: trade, records: trades, table: 'trades', series: 'coin_id, source, currency' },
  { type: quote, records: quotes, table: 'quotes', series: 'coin_id, source, currency' },
] as unknown as readonly { type: RecordType; records: fc.Arbitrary<RecordValues>; table: string; series: string }[]

/** SQL: the columns of a row of the store, as {@link wireOf} takes them. */
export const columnsOf = ({ fields }: RecordType): string =>
  fields
    .map(({ name, kind }) => {
      if (kind === 'time') return `to_char(${name} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as ${name}`
      return kind === 'decimal' ? `trim_scale(${name})::text as ${name}` : name
    })
    .join(', ')

/** A row of the store as it is on the wire. */
export function wireOf(type: RecordType, row: Readonly<Record<string, unknown>>): object {
  const wire = type.fields.flatMap(({ name, kind }) => {
    const value = row[name]
    return value === null || value === undefined ? [] : [[name, kind === 'integer' ? Number(value) : value]]
  })
  return type.toWire(type.fromWire(Object.fromEntries(wire)))
}
