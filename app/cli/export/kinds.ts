import {
  type CandleHistory,
  candleHistoryQuery,
  csvLines,
  type HistoryPiece,
  historyKinds,
  historyQueryOf,
  type LineForm,
  type MarketReads,
  ndjsonLines,
  parseQuery,
  type RecordHistory,
} from '../../../lib/src/base/database/index.ts'
import type { ExportFormat } from '../../../lib/src/base/segments/index.ts'
import { candle, EARLIEST, nowMicros, QiError, type RecordType } from '../../../lib/src/base/types/index.ts'
import type { ExportInput } from './ExportInput.ts'
import { shareOfTime, sharesOf } from './shares.ts'

const CANDLES = 'candles'
/** Pieces that an export reads at once: the database is the slower half. */
export const AHEAD = 2

/** Names of everything that can be exported. */
export const KINDS: readonly string[] = [CANDLES, ...historyKinds.keys()]

export interface Range {
  /** Microseconds. */
  readonly from: number
  /** Exclusive. */
  readonly to: number
}

/** Records to export: their kind and range. */
export interface ExportKind {
  readonly name: string
  readonly type: RecordType
  /** The range asked for; without an end, until now. */
  readonly range: Range
  open(dsl: MarketReads, more: object): Promise<RecordHistory>
  /** Gives the share of the export, 0 to 1, that is done after a piece; undefined if unknown. */
  shares(dsl: MarketReads, range: Range): Promise<((piece: HistoryPiece) => number) | undefined>
  lines(format: ExportFormat): LineForm
}

const lines = (format: ExportFormat): LineForm => (format === 'csv' ? csvLines : ndjsonLines)

/** @throws QiError BAD_REQUEST */
export function exportKind(input: Omit<ExportInput, 'output' | 'partition'>): ExportKind {
  const coins = input.coins.flatMap((coin) => coin.split(',')).filter(Boolean)
  return input.kind === CANDLES ? candles(input, coins) : records(input, coins)
}

function records(input: ExportInput, coins: readonly string[]): ExportKind {
  const kind = historyKinds.get(input.kind)
  if (!kind) throw new QiError('BAD_REQUEST', `kind "${input.kind}": there is ${KINDS.join(', ')}`, { field: 'kind' })
  const { coin: _, ...named } = {
    coin: coins,
    source: input.source,
    currency: input.currency,
    timeframe: input.timeframe?.join(','),
  }
  const wire = { ...named, name: input.name, parameters: input.params, order: input.order, from: input.from, to: input.to }
  const given = Object.fromEntries(
    Object.entries({ ...wire, ...(coins.length > 0 && { coin: coins }) }).filter(([, value]) => value !== undefined),
  )
  const query = parseQuery(historyQueryOf(kind), { ...given, include_simulated: input.simulated ?? false }) as Partial<Range>
  const range = { from: query.from ?? EARLIEST, to: query.to ?? nowMicros() }
  const open = (dsl: MarketReads, more: object) => dsl.openHistory(kind.name, { ...query, ...range, ...more })
  return {
    name: kind.name,
    type: kind.type,
    range,
    open,
    shares: async (dsl, at) => (input.order === 'time' ? shareOfTime : sharesOf)(await open(dsl, at), at),
    lines,
  }
}

function candles(input: ExportInput, coins: readonly string[]): ExportKind {
  const [coin, ...others] = coins
  if (coin === undefined || others.length > 0)
    throw new QiError(
      'BAD_REQUEST',
      `coins: an export of candles takes one coin, not ${coins.length}; name one, or export ohlcv for several`,
      { field: 'coins' },
    )
  const one = (values: readonly string[] | undefined, field: string) => {
    if (values && values.length > 1)
      throw new QiError('BAD_REQUEST', `${field}: an export of candles takes one, not ${values.length}; name one`, { field })
    return values?.[0]
  }
  for (const field of ['name', 'params', 'order'] as const)
    if (input[field]) throw new QiError('BAD_REQUEST', `${field}: candles do not have it; leave it out`, { field })
  const wire = {
    coin,
    source: one(input.source, 'source'),
    currency: one(input.currency, 'currency'),
    timeframe: one(input.timeframe, 'timeframe'),
    from: input.from,
    to: input.to,
  }
  const query = parseQuery(
    candleHistoryQuery,
    Object.fromEntries(Object.entries(wire).filter(([, value]) => value !== undefined)),
  )
  const range = { from: query.from ?? EARLIEST, to: query.to ?? nowMicros() }
  // Without a start the history begins at the first stored record.
  const open = (dsl: MarketReads, more: Partial<Range> & object) => {
    const { from, ...rest } = { ...query, ...range, ...more }
    return dsl.openCandleHistory(from === EARLIEST ? rest : { ...rest, from })
  }
  return {
    name: CANDLES,
    type: candle as unknown as RecordType,
    range,
    open,
    shares: async (dsl, at) => {
      const { from, to } = ((await open(dsl, at)) as CandleHistory).range
      return ({ time }) => Math.min(1, Math.max(0, (time - from) / Math.max(1, to - from)))
    },
    lines,
  }
}
