import { QiError } from '../../types/index.ts'
import { storedChoice } from '../bookkeeping/storedLayout.ts'
import type { LayoutChoice, LayoutSetting } from '../connections/capabilities.ts'
import { type Pool, withClient } from '../connections/pool.ts'
import { createExtension, type Missing } from './extension.ts'

/** The layout of a database, or the one that the first migration will give it. */
export interface FoundLayout extends LayoutChoice {
  /** True if the database is not set up yet, so the layout is only chosen. */
  readonly fresh: boolean
  /** Remedy, if a fresh database gets plain tables because TimescaleDB is not available. */
  readonly remedy?: string
}

/**
 * Finds the layout: the stored one if the database is set up, else the one of the setting. `auto` means hypertables if the extension exists
 * or can be created; then it is created.
 * @param trial true: rolls the creation of the extension back
 * @throws QiError CONFIG_INVALID if the setting contradicts the stored layout, UNSUPPORTED if it requires hypertables without TimescaleDB
 */
export async function findLayout(
  pool: Pool,
  setting: LayoutSetting,
  { trial = false }: { readonly trial?: boolean } = {},
): Promise<FoundLayout> {
  const stored = await withClient(pool, storedChoice)
  if (stored) {
    const problem = contradiction(setting, stored)
    if (problem) throw problem
    return { ...stored, fresh: false }
  }
  if (setting === 'plain') return { layout: 'plain', reason: 'store.layout is plain', fresh: true }
  const missing = await createExtension(pool, { trial })
  if (!missing) return { layout: 'hypertables', reason: 'the extension timescaledb is there', fresh: true }
  if (setting === 'hypertables') throw unmet(missing)
  return { layout: 'plain', ...missing, fresh: true }
}

const unmet = ({ reason, remedy }: Missing): QiError =>
  new QiError('UNSUPPORTED', `store.layout is hypertables, but ${reason}: ${remedy}, or set store.layout to auto or plain`, {
    field: 'store.layout',
  })

function contradiction(setting: LayoutSetting, { layout, reason }: LayoutChoice): QiError | undefined {
  if (setting === 'auto' || setting === layout) return undefined
  const what =
    layout === 'plain'
      ? `store.layout is hypertables, but the tables of this database are plain, because ${reason}: run qicore store convert, or set store.layout to auto`
      : `store.layout is plain, but the tables of this database are hypertables: set it to auto, or name an empty database; qicore store convert goes the other way only`
  return new QiError('CONFIG_INVALID', what, { field: 'store.layout' })
}

/** A sentence that describes the layout, for people. */
export const describeLayout = ({ layout, reason, remedy }: Pick<FoundLayout, 'layout' | 'reason' | 'remedy'>): string =>
  layout === 'hypertables'
    ? `the tables are hypertables, because ${reason}`
    : `the tables are plain, because ${reason}${remedy === undefined ? '' : `; for hypertables ${remedy}, then run qicore store convert`}`
