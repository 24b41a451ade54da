import { QiError } from '../../types/index.ts'
import type { LayoutChoice, LayoutSetting } from '../capabilities.ts'
import { storedChoice } from '../migrations/index.ts'
import { type Pool, withClient } from '../pool.ts'
import { createExtension, type Missing } from './extension.ts'

/** The layout that a database has, or gets with the first migration. */
export interface FoundLayout extends LayoutChoice {
  /** True if the database is not set up yet, so that the layout is a choice. */
  readonly fresh: boolean
  /** The way to get TimescaleDB where the tables of a fresh database are plain for lack of it. */
  readonly remedy?: string
}

/**
 * The stored layout of a database that is set up. For any other one the setting decides, and `auto` takes hypertables where the
 * extension is there or can be created, which this does.
 * @param trial takes the extension back again, so that the database stays as it was
 * @throws QiError CONFIG_INVALID where the setting contradicts the stored layout, UNSUPPORTED where it asks for hypertables that
 *   cannot be had
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

/** One sentence for people when the layout is chosen. */
export const describeLayout = ({ layout, reason, remedy }: Pick<FoundLayout, 'layout' | 'reason' | 'remedy'>): string =>
  layout === 'hypertables'
    ? `the tables are hypertables, because ${reason}`
    : `the tables are plain, because ${reason}${remedy === undefined ? '' : `; for hypertables ${remedy}, then run qicore store convert`}`
