import type { Page, RecordType, RecordValues } from '../../../lib/src/base/index.ts'

/** Records as a JSON array, in wire naming. Rows of the store are not validated again: they were on their way in. */
export const recordsJson = <R extends RecordValues>(type: RecordType<R>, records: readonly R[]): string =>
  `[${records.map((record) => type.encode(record)).join(',')}]`

export const pageJson = <R extends RecordValues>(type: RecordType<R>, { items, next }: Page<R>): string =>
  `{"items":${recordsJson(type, items)}${next === undefined ? '' : `,"next":${JSON.stringify(next)}`}}`

/** Milliseconds since 1970 as ISO 8601, for times that the platform itself keeps. */
export const isoMillis = (millis: number): string => new Date(millis).toISOString()
