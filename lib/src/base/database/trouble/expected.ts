import type { FieldKind } from '../../types/index.ts'
import { storeMigrations } from '../migrations/index.ts'
import { rollupMigrations } from '../rollups/migrations.ts'
import { allTables, type TableSpec } from '../tables.ts'

/** PostgreSQL's name of the type of a column, by the kind of its field. */
export const COLUMN_OF_KIND = {
  text: 'text',
  decimal: 'numeric',
  time: 'timestamp with time zone',
  integer: 'bigint',
  float: 'double precision',
  boolean: 'boolean',
} as const satisfies Record<FieldKind, string>

/** Something with a name on a table, and the statement that makes it. */
export interface Part {
  readonly name: string
  readonly sql: string
}

/** A table as it should be. */
export interface ExpectedTable {
  readonly name: string
  /** The statement that makes it, without what was added later. */
  readonly sql: string
  /** Columns and key; undefined for a table that holds no records. */
  readonly spec: TableSpec | undefined
  readonly indexes: readonly Part[]
  readonly constraints: readonly Part[]
}

const oneLine = (sql: string): string => sql.replace(/\s+/g, ' ').trim()

/** Every match of a statement in our migrations: its names, and its text. */
function statements(pattern: RegExp): { readonly names: readonly string[]; readonly sql: string }[] {
  const texts = [...storeMigrations, ...rollupMigrations].map(({ sql }) => sql.replace(/^\s*--.*$/gm, ''))
  return texts.flatMap((text) =>
    [...text.matchAll(pattern)].map((match) => ({ names: match.slice(1) as string[], sql: oneLine(match[0]) })),
  )
}

/** The tables of records and of their bars, as the record types and the migrations have them. */
export const expectedTables = (): readonly ExpectedTable[] => {
  const parts = (pattern: RegExp, table: string): Part[] =>
    statements(pattern).flatMap(({ names, sql }) => (names[1] === table ? [{ name: names[0] as string, sql }] : []))
  return statements(/create table (\w+) \([^;]+\)/g).map(({ names: [name = ''], sql }) => ({
    name,
    sql,
    spec: allTables.find((spec) => spec.name === name),
    indexes: parts(/create (?:unique )?index (\w+) on (\w+) [^;]+/g, name),
    constraints: statements(/alter table (\w+) add constraint (\w+) [^;]+/g).flatMap(({ names, sql }) =>
      names[0] === name ? [{ name: names[1] as string, sql }] : [],
    ),
  }))
}
