/**
 * SQL: the calendar of an instrument, of the row `i` of its table: the one it names, else `fx` for currencies, else that of its exchange;
 * null if it names neither.
 */
export const instrumentCalendar = (i: string): string =>
  `coalesce(${i}.calendar, case when ${i}.asset_class = 'forex' then 'fx' else ${i}.mic end)`

/** SQL: the calendar of a series, of a row `s` with its source and instrument, in a store whose coverage is set up. */
export const seriesCalendar = (s: string): string => {
  const of = (table: string) =>
    `(select ${instrumentCalendar('i')} from ${table} as i where i.source = ${s}.source and i.coin_id = ${s}.coin_id)`
  return `coalesce(${of('trading_pairs')}, ${of('securities')}, (select c.calendar from coverage_sources as c where c.source = ${s}.source), '24x7')`
}
