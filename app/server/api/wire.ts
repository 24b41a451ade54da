import type { LatestPrice, Page } from '../../../lib/src/base/database/index.ts'
import { type RecordType, type RecordValues, recordTypes } from '../../../lib/src/base/types/index.ts'

/** A latest price as JSON, in wire naming. */
export function priceJson(item: LatestPrice): string {
  const json = recordTypes.price.encode(item)
  return item.builtFrom === undefined ? json : `${json.slice(0, -1)},"built_from":"${item.builtFrom}"}`
}

/** Records as a JSON array, in wire naming. Rows of the store are not validated again: they were when they were written. */
export const recordsJson = <R extends RecordValues>(type: RecordType<R>, records: readonly R[]): string =>
  `[${records.map((record) => type.encode(record)).join(',')}]`

export const pageJson = <R extends RecordValues>(type: RecordType<R>, { items, next }: Page<R>): string =>
  `{"items":${recordsJson(type, items)}${next === undefined ? '' : `,"next":${JSON.stringify(next)}`}}`

/** Milliseconds since 1970 as ISO 8601. */
export const isoMillis = (millis: number): string => new Date(millis).toISOString()
