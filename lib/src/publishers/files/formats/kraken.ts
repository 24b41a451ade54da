import {
  type Micros,
  nowMicros,
  QiError,
  type RecordType,
  type RecordValues,
  readMoment,
  recordTypes,
  type Timeframe,
} from '../../../base/types/index.ts'
import { labelOf } from '../input/members.ts'
import { FileIdentity } from '../rows/identity.ts'
import type { LineParser } from '../rows/parser.ts'
import { figure, whole } from './figures.ts'
import type { FileFormat } from './format.ts'
import { lineRows } from './lineReader.ts'
import { periodEnd, runningBars } from './running.ts'
import type { MemberSeries } from './series.ts'

const NAME = /^([A-Z0-9.]+?)(?:_(\d+))?\.csv$/
const KRAKEN = 'kraken'

/** Lengths of Kraken's candles in minutes. */
const TIMEFRAMES: Readonly<Record<string, Timeframe>> = {
  ...{ '1': '1m', '5': '5m', '15': '15m', '30': '30m' },
  ...{ '60': '1h', '240': '4h', '720': '12h', '1440': '1d' },
}

/** Kraken's archives of candles, which have only intervals with trades, and of trades, which have neither ids nor sides. */
export const kraken: FileFormat = {
  name: 'kraken',
  summary: "Kraken's archives of candles (OHLCVT); those of trades, which have no ids, into a source of their own",
  source: KRAKEN,
  accepts: (name) => NAME.test(name),
  open: async (member, context) => {
    const [, pair = '', minutes] = NAME.exec(member.name) ?? []
    const refuse = (reason: string) => new QiError('UNSUPPORTED', `${labelOf(member)}: ${reason}`)
    const { signal } = context
    if (pair === '') throw refuse('its name is not like XBTUSD_60.csv or XBTUSD.csv: rename it, or import it with --format csv')
    const source = context.source ?? KRAKEN
    if (minutes === undefined) {
      if (source === KRAKEN)
        throw refuse(
          "Kraken's files of trades have no ids, so they cannot be told from trades that have: import them into a source of their own, such as --source kraken-files",
        )
      const series = { source, ...(await context.instrument(KRAKEN, pair)) }
      const identity = new FileIdentity(member.name, 1)
      const parser = trades(series, identity)
      return { type: trade, series, sparse: true, rows: (from) => lineRows(member, from, { parser, identity, signal }) }
    }
    const timeframe = TIMEFRAMES[minutes]
    if (timeframe === undefined)
      throw refuse(`there are no candles of ${minutes} minutes here; there are those of ${Object.keys(TIMEFRAMES).join(', ')}`)
    const series = { source, ...(await context.instrument(KRAKEN, pair)), timeframe }
    const until = context.until ?? periodEnd(member.inside) ?? periodEnd(member.file.path)
    const parser = candles(series, timeframe, runningBars(member, timeframe, until))
    return { type: ohlcv, series, sparse: true, rows: (from) => lineRows(member, from, { parser, signal }) }
  },
}

const ohlcv = recordTypes.ohlcv as unknown as RecordType
const trade = recordTypes.trade as unknown as RecordType

/** Rows of candles: time in seconds, open, high, low, close, volume, number of trades. */
function candles(
  { source, coinId, currency }: MemberSeries,
  timeframe: Timeframe,
  isRunning: (open: Micros) => boolean,
): LineParser {
  return {
    type: ohlcv,
    parse(line, number) {
      if (line === '' || isHeader(line, number)) return undefined
      const cells = line.split(',')
      if (cells.length !== 7) throw new QiError('BAD_DATA', `a row of candles has 7 cells, not ${cells.length}`)
      const [seconds, open, high, low, close, volume, count] = cells as [string, string, string, string, string, string, string]
      const time = readMoment(seconds, 'seconds')
      const record: RecordValues = {
        ...{ source, coinId, currency, time, receivedAt: nowMicros(), origin: 'backfill', timeframe },
        open: figure(open, 'open'),
        high: figure(high, 'high'),
        low: figure(low, 'low'),
        close: figure(close, 'close'),
        volume: figure(volume, 'volume'),
        tradeCount: whole(count, 'trades'),
        isFinal: !isRunning(time),
        builtFrom: 'provider',
      }
      return { batches: [{ type: ohlcv, records: [record] }], moment: time }
    },
  }
}

/** Rows of trades: time in seconds, price, volume. Their ids are made from file and line, the same at each import. */
function trades({ source, coinId, currency }: MemberSeries, identity: FileIdentity): LineParser {
  return {
    type: trade,
    parse(line, number) {
      if (line === '' || isHeader(line, number)) return undefined
      const cells = line.split(',')
      if (cells.length !== 3) throw new QiError('BAD_DATA', `a row of trades has 3 cells, not ${cells.length}`)
      const [seconds, price, amount] = cells as [string, string, string]
      const time = readMoment(seconds, 'seconds')
      const record: RecordValues = {
        ...{ source, coinId, currency, time, receivedAt: nowMicros(), origin: 'backfill' },
        tradeId: `${identity.digest}-${number}`,
        sequence: number,
        side: 'unknown',
        price: figure(price, 'price'),
        amount: figure(amount, 'volume'),
      }
      return { batches: [{ type: trade, records: [record] }], moment: time }
    },
  }
}

const isHeader = (line: string, number: number): boolean => number === 1 && !/^\d/.test(line)
