import {
  admit,
  type CalendarOf,
  type Failure,
  type Micros,
  type RecordType,
  type RecordValues,
  toQiError,
} from '../../types/index.ts'

export interface Admitted<R extends RecordValues> {
  readonly admitted: readonly R[]
  /** Where each stood among all records; undefined where none was refused. */
  readonly places: readonly number[] | undefined
  readonly refused: readonly Failure[]
}

/** Records as they may be stored; those from the future are refused one by one. The list is copied only where something changes. */
export function admitAll<R extends RecordValues>(
  type: RecordType<R>,
  records: readonly R[],
  now: Micros,
  calendarOf?: CalendarOf,
): Admitted<R> {
  let changed: R[] | undefined
  let places: number[] | undefined
  const refused: Failure[] = []
  for (let index = 0; index < records.length; index++) {
    const record = records[index] as R
    try {
      const admitted = admit(type, record, now, calendarOf)
      if (admitted !== record) changed ??= records.slice(0, index)
      changed?.push(admitted)
      places?.push(index)
    } catch (error) {
      changed ??= records.slice(0, index)
      places ??= changed.map((_, place) => place)
      refused.push({ index, error: toQiError(error) })
    }
  }
  return { admitted: changed ?? records, places, refused }
}
