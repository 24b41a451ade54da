import {
  type Micros,
  nowMicros,
  QiError,
  type RecordType,
  type RecordValues,
  readMoment,
  recordTypes,
  sequenceOf,
} from '../../../base/types/index.ts'
import { labelOf } from '../input/members.ts'
import { FileIdentity } from '../rows/identity.ts'
import type { LineParser } from '../rows/parser.ts'
import { cutToMillis, figure } from './figures.ts'
import type { FileFormat, FormatContext } from './format.ts'
import { firstLines, lineRows } from './lineReader.ts'
import type { Market, MemberSeries } from './series.ts'

/** Our names of the venues, by those of tardis. Derivatives are instruments of the venue. */
const VENUES: Readonly<Record<string, { readonly source: string; readonly market?: Market }>> = {
  binance: { source: 'binance', market: 'spot' },
  'binance-futures': { source: 'binance', market: 'futures' },
  coinbase: { source: 'coinbase', market: 'spot' },
  kraken: { source: 'kraken', market: 'spot' },
  okex: { source: 'okx', market: 'spot' },
  'bybit-spot': { source: 'bybit', market: 'spot' },
}
/** Venues whose times have milliseconds by every other way. */
const MILLIS: ReadonlySet<string> = new Set(['binance', 'okx', 'bybit'])

const trade = recordTypes.trade as unknown as RecordType
const quote = recordTypes.quote as unknown as RecordType
const book = recordTypes.book as unknown as RecordType

/** Files of tardis.dev: trades, quotes and snapshots of order books, with times in microseconds. Each holds one symbol. */
export const tardis: FileFormat = {
  name: 'tardis',
  summary: 'trades, quotes and snapshots of order books of tardis.dev, of one symbol a file',
  accepts: (name) => /\.csv$/i.test(name),
  open: async (member, context) => {
    const { signal } = context
    const label = labelOf(member)
    const [header, first] = await firstLines(member, 2, signal)
    // Where nothing happened there is an empty file.
    if (header === undefined || first === undefined) return { type: undefined, rows: async function* () {} }
    const columns = header.split(',').map((name) => name.trim())
    const type = typeOf(label, columns)
    const cells = first.split(',')
    const exchange = cells[columns.indexOf('exchange')] ?? ''
    const symbol = cells[columns.indexOf('symbol')] ?? ''
    const series = await seriesOf(label, exchange, symbol, context)
    const identity = new FileIdentity(member.name, 2)
    const parser = parserOf(type, columns, { series, symbol, isMillis: MILLIS.has(VENUES[exchange]?.source ?? ''), identity })
    return { type, series, sparse: true, rows: (from) => lineRows(member, from, { parser, identity, signal }) }
  },
}

/** @throws QiError UNSUPPORTED for other kinds of files */
function typeOf(label: string, columns: readonly string[]): RecordType {
  const has = (...names: readonly string[]) =>
    ['exchange', 'symbol', 'timestamp', ...names].every((name) => columns.includes(name))
  if (has('id', 'side', 'price', 'amount') && !columns.includes('is_snapshot')) return trade
  if (has('ask_amount', 'ask_price', 'bid_price', 'bid_amount')) return quote
  if (has('asks[0].price', 'asks[0].amount', 'bids[0].price', 'bids[0].amount')) return book
  throw new QiError(
    'UNSUPPORTED',
    `${label}: ${columns.includes('is_snapshot') ? 'changes of order books are not imported, only their snapshots' : 'it is no file of tardis with trades, quotes or snapshots of books'}; its columns are ${columns.slice(0, 20).join(', ')}`,
  )
}

async function seriesOf(label: string, exchange: string, symbol: string, context: FormatContext): Promise<MemberSeries> {
  const venue = VENUES[exchange]
  const source = context.source ?? venue?.source
  if (source === undefined)
    throw new QiError(
      'BAD_REQUEST',
      `${label}: ${exchange} of tardis is not known here: name the source of its records with --source`,
      {
        field: 'source',
      },
    )
  return { source, ...(await context.instrument(venue?.source ?? source, symbol, venue?.market)) }
}

interface RowContext {
  readonly series: MemberSeries
  readonly symbol: string
  readonly isMillis: boolean
  readonly identity: FileIdentity
}

function parserOf(type: RecordType, columns: readonly string[], { series, symbol, isMillis, identity }: RowContext): LineParser {
  const at = (name: string) => columns.indexOf(name)
  const [symbolAt, timeAt] = [at('symbol'), at('timestamp')]
  const sides = type === book ? sidesOf(columns) : undefined
  const figures = (type === trade ? TRADE : type === quote ? QUOTE : []).map(([property, column]) => ({
    property,
    column,
    index: at(column),
  }))
  return {
    type,
    parse(line, number) {
      if (line === '' || number === 1) return undefined
      const cells = line.split(',')
      if (cells.length !== columns.length)
        throw new QiError('BAD_DATA', `a row has ${cells.length} cells under ${columns.length} columns`)
      if (cells[symbolAt] !== symbol)
        throw new QiError(
          'BAD_DATA',
          `symbol ${cells[symbolAt]} is not that of the file, ${symbol}: import a file for each symbol`,
        )
      const text = cells[timeAt] as string
      const time: Micros = isMillis ? cutToMillis(text, 'timestamp') : readMoment(text, 'microseconds')
      const { source, coinId, currency } = series
      const record: Record<string, RecordValues[string]> = {
        source,
        coinId,
        currency,
        time,
        receivedAt: nowMicros(),
        origin: 'backfill',
      }
      for (const { property, column, index } of figures) record[property] = figure(cells[index] as string, column)
      if (type !== trade) record.sequence = number
      if (sides) Object.assign(record, sides(cells))
      if (type === trade)
        Object.assign(record, identityOf(cells[at('id')] as string, cells[at('side')] as string, identity, number))
      return { batches: [{ type, records: [record] }], moment: time }
    },
  }
}

const TRADE = [
  ['price', 'price'],
  ['amount', 'amount'],
] as const
const QUOTE = [
  ['bid', 'bid_price'],
  ['bidSize', 'bid_amount'],
  ['ask', 'ask_price'],
  ['askSize', 'ask_amount'],
] as const

/** Reads the levels of a book. It is not verified: the file does not tell its sequence. */
function sidesOf(columns: readonly string[]): (cells: readonly string[]) => RecordValues {
  const placesOf = (name: string) =>
    Array.from({ length: columns.length }, (_, level) => columns.indexOf(name.replace('#', String(level)))).filter(
      (at) => at >= 0,
    )
  const places = SIDES.map(([property, name]) => ({ property, name, at: placesOf(name) }))
  const levels = Math.max(...places.map(({ at }) => at.length))
  return (cells) => {
    const record: Record<string, RecordValues[string]> = { levels, verified: false }
    // A book with fewer levels has empty cells behind them.
    for (const { property, name, at } of places)
      record[property] = at.flatMap((place) => (cells[place] ? [figure(cells[place], name)] : []))
    return record
  }
}

const SIDES = [
  ['asks', 'asks[#].price'],
  ['askSizes', 'asks[#].amount'],
  ['bids', 'bids[#].price'],
  ['bidSizes', 'bids[#].amount'],
] as const

/** The id, the number and the taker's side of a trade; an empty id is made from file and row. */
function identityOf(id: string, side: string, identity: FileIdentity, row: number): Record<string, string | number> {
  if (side !== 'buy' && side !== 'sell' && side !== 'unknown')
    throw new QiError('BAD_DATA', `side "${side.slice(0, 40)}" is neither buy, sell nor unknown`, { field: 'side' })
  if (id === '') return { tradeId: `${identity.digest}-${row}`, sequence: row, side }
  const sequence = sequenceOf(id)
  return { tradeId: id, side, ...(sequence !== undefined && { sequence }) }
}
