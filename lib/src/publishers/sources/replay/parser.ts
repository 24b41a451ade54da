import {
  formatTime,
  MANUAL,
  type Micros,
  nowMicros,
  type RecordBatch,
  type RecordType,
  type RecordValues,
  sequenceOf,
  type Timeframe,
  timeframeMicros,
} from '../../../base/index.ts'
import type { ReplayConfig } from './config.ts'
import type { FileIdentity } from './identity.ts'

/** The content of one line of a file. */
export interface Parsed {
  readonly batches: readonly RecordBatch[]
  /** When it was recorded, for pacing. */
  readonly moment: Micros
}

/** Reads one file, line by line. */
export interface LineParser {
  /** The type that a line is rejected as when it does not tell its own. */
  readonly type: RecordType | undefined
  /**
   * @param number of the line; a row over several lines has that of its first
   * @returns nothing for a line without a record: a header, an empty line, the beginning of a row that goes on
   * @throws QiError BAD_DATA where the line is no record, CONFIG_INVALID where the whole file cannot be understood so
   */
  parse(line: string, number: number): Parsed | undefined
  /** Whether it cannot go on without the lines from the beginning of the file. */
  wantsHeader?(): boolean
  /** The lines of a row that the file ends in the middle of. */
  unfinished?(): string | undefined
}

/** A line of our own records or of CSV. */
export interface Row {
  readonly file: FileIdentity
  /** The number of its first line. */
  readonly line: number
  /** Made for this call: it is changed. */
  readonly wire: Record<string, unknown>
}

/** Fields of a record that a file need not give: they are made from file and line. */
export const MADE: Readonly<Record<string, readonly string[]>> = { trade: ['trade_id', 'side'], quote: ['sequence'] }

export const batchOf = (type: RecordType, record: RecordValues): RecordBatch => ({ type, records: [record] })

/**
 * The record that a row means, marked as replayed; the rest is the file's, but for what the settings change.
 * @throws QiError BAD_DATA naming each field at fault
 */
export function asReplayed(
  type: RecordType,
  { file, line, wire }: Row,
  { received_at, stamped }: Pick<ReplayConfig, 'received_at' | 'stamped'>,
): { readonly record: RecordValues; readonly moment: Micros } {
  const recorded = received_at === 'recorded' && wire.received_at !== undefined && wire.received_at !== null
  // A record that was handed in stays marked as such.
  wire.origin = wire.source === MANUAL ? MANUAL : 'replay'
  if (!recorded) wire.received_at = formatTime(nowMicros())
  identify(type, file, line, wire)
  const read = type.fromWire(wire)
  const record =
    stamped === 'close' && type.name === 'ohlcv'
      ? { ...read, time: (read.time as Micros) - timeframeMicros(read.timeframe as Timeframe) }
      : read
  return { record, moment: (recorded ? record.receivedAt : record.time) as Micros }
}

/** Gives a trade or a quote the key and the order that its file leaves out; the same at each import. */
function identify({ name }: RecordType, file: FileIdentity, line: number, wire: Record<string, unknown>): void {
  if (name === 'quote') wire.sequence ??= line
  if (name !== 'trade') return
  wire.side ??= 'unknown'
  const sequence = typeof wire.trade_id === 'string' ? sequenceOf(wire.trade_id) : line
  wire.trade_id ??= `${file.digest}-${line}`
  if (sequence !== undefined) wire.sequence ??= sequence
}
