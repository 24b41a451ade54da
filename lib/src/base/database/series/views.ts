import { type RecordType, recordTypes } from '../../types/index.ts'
import { SERIES_NAMES, type SeriesTable } from '../tables/tables.ts'

/** SQL function that returns the number of a series by its names, and creates it if there is none. */
export const seriesNumber = `
create or replace function series_number(of_type text, ${SERIES_NAMES.map((name) => `of_${name} text`).join(', ')}) returns bigint language plpgsql as $$
declare
  number bigint;
begin
  for attempt in 1..10 loop
    select id into number from series where type = of_type and ${SERIES_NAMES.map((name) => `${name} = of_${name}`).join(' and ')};
    if found then
      return number;
    end if;
    insert into series (type, ${SERIES_NAMES.join(', ')}) values (of_type, ${SERIES_NAMES.map((name) => `of_${name}`).join(', ')})
      on conflict do nothing returning id into number;
    if number is not null then
      return number;
    end if;
  end loop;
  raise exception 'another transaction is making the series % of %', of_coin_id, of_source using errcode = '40001';
end $$;
`

/** Trigger that refuses deleting series: a writer keeps numbers cached, and would store rows under them that no view shows. */
export const numbersStay = `
create or replace function series_stay() returns trigger language plpgsql as $$ begin
  raise exception 'series: a number that writers may know is never given back; delete the records instead' using errcode = '23503';
end $$;
create or replace trigger series_stay before delete or truncate on series for each statement execute function series_stay();
`

/**
 * Columns that came after their view was first released, by view, in the order in which they came: a view that exists takes a new column at
 * its end alone.
 */
export const LATER: Readonly<Record<string, readonly string[]>> = {}

/** Columns in the order of a view. @param columns by name, with the SQL of each */
export function inOrder(view: string, columns: readonly (readonly [name: string, sql: string])[]): string {
  const later = LATER[view] ?? []
  const first = columns.filter(([name]) => !later.includes(name))
  const last = later.flatMap((name) => columns.filter(([column]) => column === name))
  return [...first, ['series', 'r.series'] as const, ...last].map(([, sql]) => sql).join(', ')
}

/** Columns of views that the record type does not declare. */
const ADDED: Readonly<Record<string, readonly string[]>> = { ohlcv_data: ['flaw'] }

/** The names of a series as arguments of `series_number`; empty text for names the type lacks. */
const namesOf = ({ series }: SeriesTable, row: string): string =>
  SERIES_NAMES.map((name) => (series.names.some((field) => field.name === name) ? `${row}.${name}` : "''")).join(', ')

/** Plans for the given key: a generic plan would decompress the series in every chunk of a hypertable, not only in that of the row. */
const ONE_CHUNK = 'set plan_cache_mode = force_custom_plan'

/**
 * SQL of the view that shows rows with the names of their series, and accepts inserts, updates and deletes by name. For a query for a coin
 * the registry leads to the rows of its series. The view is replaced, never dropped, since dropping would lose grants; so a later column
 * must come last.
 */
export function makeView(table: SeriesTable): string {
  const { name, key, series } = table
  const { view, type, names } = series
  const { fields } = (recordTypes as Record<string, unknown>)[type] as RecordType
  const own = table.fields.map((field) => field.name)
  const isName = (column: string) => names.some((field) => field.name === column)
  const declared = fields.map(({ name: column }) => [column, `${isName(column) ? 's' : 'r'}.${column}`] as const)
  const added = (ADDED[view] ?? []).map((column) => [column, `r.${column}`] as const)
  const others = own.filter((column) => !key.includes(column))
  const byKey = key.map((column) => `${column} = old.${column}`).join(' and ')
  const moved = [...names.map((field) => field.name), ...key.slice(1)]
  const insert = `new.series := series_number('${type}', ${namesOf(table, 'new')});
  insert into ${name} (${own.join(', ')}) values (${own.map((column) => `new.${column}`).join(', ')});`
  return `
create or replace view ${view} as select ${inOrder(view, [...declared, ...added])}
  from ${name} as r join series as s on s.id = r.series;
create or replace function ${view}_insert() returns trigger language plpgsql as $$ begin
  ${insert}
  return new;
end $$;
create or replace function ${view}_update() returns trigger language plpgsql ${ONE_CHUNK} as $$ begin
  if (${moved.map((column) => `new.${column}`).join(', ')}) is distinct from (${moved.map((column) => `old.${column}`).join(', ')}) then
    delete from ${name} where ${byKey};
    ${insert}
  else
    update ${name} set ${others.map((column) => `${column} = new.${column}`).join(', ')} where ${byKey};
  end if;
  return new;
end $$;
create or replace function ${view}_delete() returns trigger language plpgsql ${ONE_CHUNK} as $$ begin
  delete from ${name} where ${byKey};
  return case when found then old end;
end $$;
${['insert', 'update', 'delete'].map((event) => `create or replace trigger by_name_${event} instead of ${event} on ${view} for each row execute function ${view}_${event}();`).join('\n')}
`
}
