import type { TimeTable } from '../../../base/database/index.ts'
import { countOf, recordTypes } from '../../../base/types/index.ts'
import type { Proposal, Storage } from './report.ts'
import type { DataStoreSettings } from './settings.ts'

const GIGABYTE = 1024 ** 3
/** Tables that are shortened first where space is short: they grow fastest, and candles can replace them. */
const SHORTENED_FIRST: readonly TimeTable[] = ['books', 'quotes', 'trades', 'crypto_prices']

/**
 * Proposes changes where the store differs from the settings: retention, compression, and shorter retention where the tables are larger
 * than `most_gigabytes`. A table of `bytes` that grows by `g` bytes a day (rows of the last day times bytes a row) has (bytes - c) / g days
 * left after `c` bytes are dropped. Pure.
 */
export function proposalsOf(
  { layout, tables }: Storage,
  {
    keep_days,
    compress_after_days,
    most_gigabytes,
  }: Pick<DataStoreSettings, 'keep_days' | 'compress_after_days' | 'most_gigabytes'>,
): Proposal[] {
  const wanted = tables.flatMap(({ table, retention_days }) => {
    const days = keep_days[table]
    if (days === undefined || days === retention_days) return []
    const now = retention_days === undefined ? 'everything' : countOf(retention_days, 'day')
    return [retention(table, days, `keep ${countOf(days, 'day')} of ${table} in place of ${now}`)]
  })
  const compressed =
    compress_after_days === undefined || layout === 'plain'
      ? []
      : tables
          .filter((one) => one.compress_after_days !== compress_after_days)
          .map(
            ({ table }): Proposal => ({
              table,
              action: 'compress',
              days: compress_after_days,
              reason: `compress what is older than ${countOf(compress_after_days, 'day')} of ${table}`,
              setting: `store.compress_after: ${compress_after_days}`,
            }),
          )
  const room = most_gigabytes === undefined ? [] : shorter(tables, most_gigabytes * GIGABYTE, keep_days)
  return [...wanted, ...compressed, ...room]
}

function shorter(tables: Storage['tables'], most: number, named: DataStoreSettings['keep_days']): Proposal[] {
  let excess = tables.reduce((sum, { bytes }) => sum + bytes, 0) - most
  const found: Proposal[] = []
  for (const name of SHORTENED_FIRST) {
    const one = tables.find(({ table }) => table === name)
    if (excess <= 0 || !one || named[name] !== undefined || one.rows === 0 || one.rows_a_day === 0) continue
    const aDay = (one.bytes / one.rows) * one.rows_a_day
    const days = Math.max(1, Math.floor((one.bytes - excess) / aDay))
    if (one.retention_days !== undefined && days >= one.retention_days) continue
    const kept = days * aDay
    if (kept >= one.bytes) continue
    excess -= one.bytes - kept
    found.push(
      retention(
        name,
        days,
        `keep ${countOf(days, 'day')} of ${name}, about ${gigabytes(kept)} GB of ${gigabytes(one.bytes)}: the tables take more than ${gigabytes(most)} GB`,
      ),
    )
  }
  return found
}

const retention = (table: TimeTable, days: number, reason: string): Proposal => {
  const record = Object.values(recordTypes).find((type) => type.table === table)?.name
  return { table, action: 'retention', days, reason, setting: `store.retention.${record}: ${days}` }
}

const gigabytes = (bytes: number): string => (bytes / GIGABYTE).toPrecision(3)
