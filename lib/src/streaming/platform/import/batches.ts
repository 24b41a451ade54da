import {
  admit,
  type Micros,
  type RecordBatch,
  type RecordType,
  type RecordValues,
  type SeriesCalendars,
  toQiError,
} from '../../../base/types/index.ts'
import type { ImportFilter } from './request.ts'

/** The records of a batch that a filter leaves. */
export function filtered(
  batch: RecordBatch,
  { from = Number.MIN_SAFE_INTEGER, to = Number.MAX_SAFE_INTEGER }: ImportFilter,
): RecordBatch {
  const within = ({ time }: RecordValues) => (time as Micros) >= from && (time as Micros) < to
  return batch.records.every(within) ? batch : { ...batch, records: batch.records.filter(within) }
}

/** Records that a publisher would take, and those that it would refuse. */
export function tried(
  { type, records, rejected = [] }: RecordBatch,
  now: Micros,
  calendars: SeriesCalendars,
): { readonly taken: number; readonly refused: number } {
  let taken = 0
  for (const record of records) if (isTaken(type, record, now, calendars)) taken++
  return { taken, refused: records.length - taken + rejected.length }
}

function isTaken(type: RecordType, record: RecordValues, now: Micros, calendars: SeriesCalendars): boolean {
  try {
    type.encodeChecked(admit(type, record, now, calendars.of))
    return true
  } catch (error) {
    if (toQiError(error).code === 'BAD_DATA') return false
    throw error
  }
}
