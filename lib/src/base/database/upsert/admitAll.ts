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
  /** Index of each admitted record among all; undefined if none was refused. */
  readonly places: readonly number[] | undefined
  readonly refused: readonly Failure[]
}

/** Checks records before they are stored: refuses those from the future or against the rule of their type, corrects `isFinal`. Copies the list only if something changes. */
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
      const admitted = admit(type, type.checkRule(record), now, calendarOf)
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
