import type { FieldKind } from '../../types/index.ts'
import { BOOKKEEPING } from '../bookkeeping/migrate.ts'
import { storeComponents } from '../migrations/index.ts'
import { definitionsOf } from '../series/definitions.ts'
import { allTables, type TableSpec } from '../tables/tables.ts'
import { type Relation, relationsOf } from './schemaText.ts'

/** PostgreSQL's name of the type of a column, by the kind of its field. */
export const COLUMN_OF_KIND = {
  text: 'text',
  decimal: 'numeric',
  time: 'timestamp with time zone',
  integer: 'bigint',
  float: 'double precision',
  boolean: 'boolean',
  decimals: 'numeric[]',
} as const satisfies Record<FieldKind, string>

/** The expected form of a table or view. */
export interface Expected extends Relation {
  /** Columns and key; undefined for a relation that holds no records. */
  readonly spec: TableSpec | undefined
}

/** The number of applied migrations, by component. */
export type AppliedFiles = Readonly<Record<string, number>>

const ALL: AppliedFiles = Object.fromEntries(storeComponents.map(({ component, files }) => [component, files.length]))

/** The relations that the record types and the applied migrations define. */
export function expectedRelations(applied: AppliedFiles = ALL): readonly Expected[] {
  const known = JSON.stringify(storeComponents.map(({ component }) => applied[component] ?? 0))
  const read = READ.get(known) ?? readAll(applied)
  READ.set(known, read)
  return read
}

/** Results by the numbers of applied migrations; a process sees few of them. */
const READ = new Map<string, readonly Expected[]>()

function readAll(applied: AppliedFiles): readonly Expected[] {
  const files = storeComponents.flatMap(({ component, files }) => files.slice(0, applied[component] ?? 0))
  const views = (applied.series ?? 0) > 0 ? [definitionsOf('plain')] : []
  return relationsOf([BOOKKEEPING, ...files.map(({ sql }) => sql), ...views]).map((relation) => {
    const spec = allTables.find(({ name }) => name === relation.name)
    return { ...relation, key: spec?.key ?? relation.key, spec }
  })
}
