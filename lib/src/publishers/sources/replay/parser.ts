import {
  formatTime,
  MANUAL,
  type Micros,
  nowMicros,
  type RecordBatch,
  type RecordType,
  type RecordValues,
  type Timeframe,
  timeframeMicros,
} from '../../../base/index.ts'
import type { ReplayConfig } from './config.ts'

/** What one line of a file holds. */
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
   * @returns nothing for a line without a record: a header, an empty line, the beginning of a row that goes on
   * @throws QiError BAD_DATA where the line is no record, CONFIG_INVALID where the whole file cannot be understood so
   */
  parse(line: string): Parsed | undefined
  /** Whether it cannot go on without the lines from the beginning of the file. */
  wantsHeader?(): boolean
  /** The lines of a row that the file ends in the middle of. */
  unfinished?(): string | undefined
}

export const batchOf = (type: RecordType, record: RecordValues): RecordBatch => ({ type, records: [record] })

/**
 * The record that a wire object means, marked as replayed; the rest is the file's, but for what the settings change.
 * @param wire made for this call: it is changed
 */
export function asReplayed(
  type: RecordType,
  wire: Record<string, unknown>,
  { received_at, stamped }: Pick<ReplayConfig, 'received_at' | 'stamped'>,
): { readonly record: RecordValues; readonly moment: Micros } {
  const recorded = received_at === 'recorded' && wire.received_at !== undefined && wire.received_at !== null
  // A record that was handed in stays marked as such.
  wire.origin = wire.source === MANUAL ? MANUAL : 'replay'
  if (!recorded) wire.received_at = formatTime(nowMicros())
  const read = type.fromWire(wire)
  const record =
    stamped === 'close' && type.name === 'ohlcv'
      ? { ...read, time: (read.time as Micros) - timeframeMicros(read.timeframe as Timeframe) }
      : read
  return { record, moment: (recorded ? record.receivedAt : record.time) as Micros }
}
