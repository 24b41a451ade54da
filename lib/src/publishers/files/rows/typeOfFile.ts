import { QiError, type RecordType, recordTypes } from '../../../base/types/index.ts'
import type { RowSettings } from './settings.ts'

/** The record type by the setting, or by the beginning of the file name: a type (`price`) or a topic (`crypto-prices`). */
export function typeOfFile(name: string, { record }: Pick<RowSettings, 'record'>): RecordType | undefined {
  if (record) return recordTypes[record] as RecordType
  const types = Object.values(recordTypes) as RecordType[]
  const begins = (word: string) => name.startsWith(word) && !/[a-z0-9]/i.test(name.charAt(word.length))
  return types.find((each) => begins(each.topic) || begins(each.name))
}

/**
 * The record type that columns of these names hold: all its required fields, and nothing but its fields.
 * @throws QiError UNSUPPORTED naming the file
 */
export function typeOfColumns(file: string, names: readonly string[]): RecordType {
  const found = (Object.values(recordTypes) as RecordType[]).filter(({ fields }) => {
    const known = new Set(fields.map(({ name }) => name))
    return names.every((name) => known.has(name)) && fields.every(({ name, optional }) => optional || names.includes(name))
  })
  const [only, other] = found
  if (only && !other) return only
  const remedy = names.includes('from_timeframe')
    ? 'it holds candles, which are built from other records: export ohlcv instead'
    : `it is no export of records; its columns are ${names.slice(0, 30).join(', ')}`
  throw new QiError('UNSUPPORTED', `${file}: ${remedy}`)
}
