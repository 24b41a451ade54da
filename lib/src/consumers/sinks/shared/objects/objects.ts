import { QiError } from '../../../../base/types/index.ts'
import type { ObjectStore, StoredObject } from './ObjectStore.ts'

/** Folder beside the data with the owner of the prefix and the probe object. Readers of data lakes ignore names with an underscore. */
export const OWN = '_qicore'
const LAST = 'qicore-last'
const ROWS = 'qicore-rows'

/** Bucket and prefix, shown to people. */
export const placeOf = ({ store, prefix }: { readonly store: ObjectStore; readonly prefix: string }): string =>
  prefix === '' ? store.place : `${store.place}, prefix ${prefix.slice(0, -1)}`

export const segmentMetadata = (of: { readonly first: bigint; readonly last: bigint; readonly rows: number }) => ({
  'qicore-first': `${of.first}`,
  [LAST]: `${of.last}`,
  [ROWS]: `${of.rows}`,
})

/** The last offset of a segment. @throws QiError BAD_DATA where its metadata lack it */
export function lastOf({ metadata }: StoredObject, place: string, key: string, first: bigint): bigint {
  const last = metadata[LAST] ?? ''
  if (/^\d{1,20}$/.test(last) && BigInt(last) >= first) return BigInt(last)
  throw new QiError(
    'BAD_DATA',
    `${place}: ${key} lacks its metadata "${LAST}", the last offset; restore the object with its metadata, or remove it`,
  )
}

/** The number of records in an object; undefined where its metadata lack it. */
export function rowsOf({ metadata }: StoredObject): number | undefined {
  const rows = metadata[ROWS] ?? ''
  return /^\d{1,15}$/.test(rows) ? Number(rows) : undefined
}
