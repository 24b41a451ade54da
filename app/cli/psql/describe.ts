import { quoted } from '../../../lib/src/base/types/index.ts'

/** The help of the command `\?`. */
export const HELP = `Statements end with a semicolon and may take several lines; Ctrl-C cancels one.
  \\d, \\dt    tables and views that this role may read
  \\d NAME    the columns of one
  \\x         each row as lines of column and value, and back
  \\q         leave (or Ctrl-D)`

const READABLE = `from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname !~ '^(pg_|information_schema|_timescaledb|timescaledb_)'
  and has_table_privilege(c.oid, 'select')`

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`

/** The SQL of a command that describes the database; undefined for any other command. */
export function describing(command: string): string | undefined {
  const [verb, name] = command.trim().split(/\s+/, 2)
  if (verb === '\\dt' || (verb === '\\d' && !name))
    return `select n.nspname as schema, c.relname as name, case c.relkind when 'v' then 'view' when 'm' then 'materialized view' else 'table' end as kind
      ${READABLE} order by 1, 2`
  if (verb !== '\\d' || !name) return undefined
  return `select a.attname as column, format_type(a.atttypid, a.atttypmod) as type, case when a.attnotnull then 'not null' else '' end as nullable
    from pg_attribute as a where a.attrelid = to_regclass(${literal(name)}) and a.attnum > 0 and not a.attisdropped order by a.attnum`
}

/** The error of `\d NAME` for an unknown name. */
export const unknown = (command: string): string =>
  `there is no table or view ${quoted(command.trim().split(/\s+/, 2)[1] ?? '')} that this role may read; \\dt lists them`
