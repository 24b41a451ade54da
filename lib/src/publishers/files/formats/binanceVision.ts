import {
  type Micros,
  nowMicros,
  QiError,
  type RecordType,
  type RecordValues,
  recordTypes,
  TIMEFRAMES,
  type Timeframe,
  timeframeMicros,
} from '../../../base/types/index.ts'
import { labelOf, type Member } from '../input/members.ts'
import type { LineParser } from '../rows/parser.ts'
import { cutToMillis, figure, whole } from './figures.ts'
import type { FileFormat } from './format.ts'
import { firstLines, lineRows } from './lineReader.ts'
import { periodEnd, runningBars } from './running.ts'
import type { Market, MemberSeries } from './series.ts'

const NAME = /^([A-Z0-9_]+)-(trades|aggTrades|\d+[a-z]+)-(\d{4}-\d\d(?:-\d\d)?)\.csv$/
/** A file of one of the other kinds, such as metrics or the index price, is named and left out. */
const KIND = /^[A-Z0-9_]+-[A-Za-z0-9]+-\d{4}-\d\d(?:-\d\d)?\.(?:csv|zip)$/

/**
 * Files of data.binance.vision. Times are of milliseconds, or of microseconds in spot files from 2025 on: they are cut to milliseconds, the
 * resolution of the socket and of older files, so that one trade is one row whatever way it came.
 */
export const binanceVision: FileFormat = {
  name: 'binance-vision',
  summary: 'trades and klines of data.binance.vision, spot and USDⓈ-M futures, with their .CHECKSUM',
  source: 'binance',
  traits: { contiguous: ['trade'] },
  accepts: (name) => KIND.test(name),
  open: async (member, context) => {
    const { symbol, kind } = nameOf(member)
    const source = context.source ?? 'binance'
    const head = await firstLines(member, 1, context.signal)
    const market = marketOf(member, kind, head[0])
    const instrument = { source, ...(await context.instrument(source, symbol, market)) }
    const series = kind === 'trades' ? instrument : { ...instrument, timeframe: kind }
    const parser =
      kind === 'trades'
        ? trades(series)
        : klines(series, kind, runningBars(member, kind, context.until ?? periodEnd(member.name)))
    const { signal } = context
    return { type: parser.type, series, rows: (from) => lineRows(member, from, { parser, signal }) }
  },
}

/** @throws QiError UNSUPPORTED for a kind that cannot be imported */
function nameOf(member: Member): { readonly symbol: string; readonly kind: 'trades' | Timeframe } {
  const [, symbol, kind] = NAME.exec(member.name) ?? []
  const refuse = (reason: string) => new QiError('UNSUPPORTED', `${labelOf(member)}: ${reason}`)
  if (symbol === undefined || kind === undefined)
    throw refuse(
      'its name is not like BTCUSDT-trades-2024-08-08.zip or BTCUSDT-1m-2024-08.zip: rename it, or import it with --format csv',
    )
  if (kind === 'aggTrades')
    throw refuse(
      'aggTrades have numbers of their own, and each sums up several trades: beside trades they would count twice; import the file of trades instead',
    )
  if (/(?:^|[\\/])futures[\\/]cm[\\/]/.test(pathOf(member)))
    throw refuse('amounts of coin-margined futures count contracts, whose size the file does not tell: they are not imported')
  if (kind !== 'trades' && !TIMEFRAMES.includes(kind as Timeframe))
    throw refuse(`there are no candles of ${kind} here; there are those of ${TIMEFRAMES.join(', ')}`)
  return { symbol, kind: kind as 'trades' | Timeframe }
}

const pathOf = ({ file, inside }: Member): string => `${file.path}/${inside}`

/** The market by the folders of the site; of trades also by the number of columns: spot files have one more. */
function marketOf(member: Member, kind: string, first: string | undefined): Market | undefined {
  const [, folder] = /[\\/](spot|futures)[\\/](?=.*(?:trades|klines))/i.exec(pathOf(member)) ?? []
  const columns = kind === 'trades' && first !== undefined ? first.split(',').length : 0
  const told = columns === 7 ? 'spot' : columns === 6 ? 'futures' : undefined
  return told ?? (folder?.toLowerCase() as Market | undefined)
}

/** A header has words where rows have numbers; spot files have none. */
const isHeader = (line: string, number: number): boolean =>
  number === 1 && !(line.charCodeAt(0) >= 0x30 && line.charCodeAt(0) <= 0x39)

const trade = recordTypes.trade as unknown as RecordType

/** Rows of trades: id, price, quantity, quote quantity, time, whether the buyer was the maker, and in spot files one more. */
function trades({ source, coinId, currency }: MemberSeries): LineParser {
  return {
    type: trade,
    parse(line, number) {
      if (line === '' || isHeader(line, number)) return undefined
      const first = line.indexOf(',')
      const second = line.indexOf(',', first + 1)
      const third = line.indexOf(',', second + 1)
      const fourth = line.indexOf(',', third + 1)
      const fifth = line.indexOf(',', fourth + 1)
      if (fifth < 0) throw new QiError('BAD_DATA', 'a row of trades has 6 or 7 cells')
      const sixth = line.indexOf(',', fifth + 1)
      const tradeId = line.slice(0, first)
      const record: RecordValues = {
        source,
        coinId,
        currency,
        time: cutToMillis(line.slice(fourth + 1, fifth), 'time'),
        receivedAt: nowMicros(),
        origin: 'backfill',
        tradeId,
        sequence: whole(tradeId, 'id'),
        side: takerOf(sixth < 0 ? line.slice(fifth + 1) : line.slice(fifth + 1, sixth)),
        price: figure(line.slice(first + 1, second), 'price'),
        amount: figure(line.slice(second + 1, third), 'qty'),
      }
      return { batches: [{ type: trade, records: [record] }], moment: record.time as Micros }
    },
  }
}

function takerOf(isBuyerMaker: string): 'buy' | 'sell' {
  if (isBuyerMaker === 'True' || isBuyerMaker === 'true') return 'sell'
  if (isBuyerMaker === 'False' || isBuyerMaker === 'false') return 'buy'
  throw new QiError('BAD_DATA', `isBuyerMaker "${isBuyerMaker.slice(0, 40)}" is neither true nor false`, {
    field: 'isBuyerMaker',
  })
}

const ohlcv = recordTypes.ohlcv as unknown as RecordType
const KLINE_CELLS = 12

/** Rows of klines: open time, open, high, low, close, volume, close time, quote volume, number of trades, and three more. */
function klines(
  { source, coinId, currency }: MemberSeries,
  timeframe: Timeframe,
  isRunning: (open: Micros) => boolean,
): LineParser {
  const length = timeframeMicros(timeframe)
  return {
    type: ohlcv,
    parse(line, number) {
      if (line === '' || isHeader(line, number)) return undefined
      const cells = line.split(',')
      if (cells.length !== KLINE_CELLS)
        throw new QiError('BAD_DATA', `a row of klines has ${KLINE_CELLS} cells, not ${cells.length}`)
      const [open, o, h, l, c, volume, close, , count] = cells as [string, ...string[]]
      const time = cutToMillis(open, 'open time')
      // A close time before its end is that of a bar that was cut short.
      const isCut = cutToMillis(close as string, 'close time') + 1000 < time + length
      const record: RecordValues = {
        source,
        coinId,
        currency,
        time,
        receivedAt: nowMicros(),
        origin: 'backfill',
        timeframe,
        open: figure(o as string, 'open'),
        high: figure(h as string, 'high'),
        low: figure(l as string, 'low'),
        close: figure(c as string, 'close'),
        volume: figure(volume as string, 'volume'),
        tradeCount: whole(count as string, 'number of trades'),
        isFinal: !isCut && !isRunning(time),
        builtFrom: 'provider',
      }
      return { batches: [{ type: ohlcv, records: [record] }], moment: time }
    },
  }
}
