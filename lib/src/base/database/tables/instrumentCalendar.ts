/**
 * SQL: the calendar of an instrument, of the row `i` of its table: the one it names, else `fx` for currencies, else that of its exchange;
 * null if it names neither.
 */
export const instrumentCalendar = (i: string): string =>
  `coalesce(${i}.calendar, case when ${i}.asset_class = 'forex' then 'fx' else ${i}.mic end)`
