/**
 * System catalogs and views that SQL from outside may read: the shape of the database. Others reveal queries of other callers
 * (`pg_stat_activity`), keys of locks (`pg_locks`), statistics of values, or settings of the server.
 */
const CATALOG: ReadonlySet<string> = new Set([
  'pg_attrdef',
  'pg_attribute',
  'pg_class',
  'pg_collation',
  'pg_constraint',
  'pg_description',
  'pg_enum',
  'pg_index',
  'pg_indexes',
  'pg_inherits',
  'pg_matviews',
  'pg_namespace',
  'pg_proc',
  'pg_range',
  'pg_tables',
  'pg_timezone_names',
  'pg_type',
  'pg_views',
])

/** @returns false for a relation that is always refused; the role's own rights decide on the rest */
export function mayName(schema: string | undefined, relation: string): boolean {
  if (schema === 'pg_catalog') return CATALOG.has(relation)
  if (schema !== undefined && (schema.startsWith('pg_') || schema === 'qicore_stream' || schema === 'dbos')) return false
  // A name without a schema is resolved in the catalog first.
  return schema !== undefined || !relation.startsWith('pg_') || CATALOG.has(relation)
}
