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
} from '../../../base/types/index.ts'
import type { FileIdentity } from './identity.ts'
import type { RowSettings } from './settings.ts'

/** The content of one line of a file. */
export interface Parsed {
  readonly batches: readonly RecordBatch[]
  /** Time of recording, for pacing. */
  readonly moment: Micros
}

/** Parses one file, line by line. */
export interface LineParser {
  /** The record type of a rejected line that does not tell its own. */
  readonly type: RecordType | undefined
  /**
   * @param number line number; that of the first line for a row of several
   * @returns undefined for a line without a record: a header, an empty line, the beginning of a row that continues
   * @throws QiError BAD_DATA if the line is no record, CONFIG_INVALID if the whole file cannot be parsed with these settings
   */
  parse(line: string, number: number): Parsed | undefined
  /** True while it needs the lines from the beginning of the file. */
  wantsHeader?(): boolean
  /** The lines of a row that is not complete yet. */
  unfinished?(): string | undefined
}

/** A row of our own records or of CSV. */
export interface Row {
  readonly file: FileIdentity
  /** Number of its first line. */
  readonly line: number
  /** Made for this call, which changes it. */
  readonly wire: Record<string, unknown>
}

/** Required fields that a file may lack: they are made from file and line. */
export const MADE: Readonly<Record<string, readonly string[]>> = { trade: ['trade_id', 'side'], quote: ['sequence'] }

export const batchOf = (type: RecordType, record: RecordValues): RecordBatch => ({ type, records: [record] })

/**
 * The record of a row, with the origin and the changes that the settings ask for.
 * @throws QiError BAD_DATA naming each field at fault
 */
export function recordOf(
  type: RecordType,
  { file, line, wire }: Row,
  { received_at, stamped, origin }: Pick<RowSettings, 'received_at' | 'stamped' | 'origin'>,
): { readonly record: RecordValues; readonly moment: Micros } {
  const recorded = received_at === 'recorded' && wire.received_at !== undefined && wire.received_at !== null
  // A record that was handed in keeps its origin.
  if (origin !== 'recorded') wire.origin = wire.source === MANUAL ? MANUAL : origin
  if (!recorded) wire.received_at = formatTime(nowMicros())
  identify(type, file, line, wire)
  const read = type.fromWire(wire)
  const record =
    stamped === 'close' && type.name === 'ohlcv'
      ? { ...read, time: (read.time as Micros) - timeframeMicros(read.timeframe as Timeframe) }
      : read
  return { record, moment: (recorded ? record.receivedAt : record.time) as Micros }
}

/** Gives a trade or a quote the id and sequence that its file lacks; the same at each import. */
function identify({ name }: RecordType, file: FileIdentity, line: number, wire: Record<string, unknown>): void {
  if (name === 'quote') wire.sequence ??= line
  if (name !== 'trade') return
  wire.side ??= 'unknown'
  const sequence = typeof wire.trade_id === 'string' ? sequenceOf(wire.trade_id) : line
  wire.trade_id ??= `${file.digest}-${line}`
  if (sequence !== undefined) wire.sequence ??= sequence
}
