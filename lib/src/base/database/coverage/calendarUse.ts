import type { Micros } from '../../types/index.ts'
import { parseTime } from '../../types/index.ts'
import type { Pool } from '../connections/pool.ts'
import { instrumentCalendar } from '../tables/instrumentCalendar.ts'
import { timeText } from './sql.ts'

/** A calendar that stored series name, and the times of their records. */
export interface CalendarUse {
  readonly calendar: string
  readonly series: number
  readonly first: Micros
  readonly last: Micros
}

/** SQL: the calendar of a series is that of its pair or security, else that of its source. */
const CALENDAR = `coalesce(${instrumentCalendar('p')}, ${instrumentCalendar('e')}, c.calendar)`
const IN_USE = `select ${CALENDAR} as calendar, count(*) as series,
    ${timeText('min(s.first)')} as first, ${timeText('max(s.last)')} as last
  from series as s left join trading_pairs as p using (source, coin_id) left join securities as e using (source, coin_id)
    left join coverage_sources as c using (source)
  where s.last is not null and s.first is not null and coalesce(${CALENDAR}, '24x7') <> '24x7'
  group by 1 order by 1`

/** The calendars of stored series, but for 24x7, in a store whose coverage is set up. */
export async function calendarsInUse(pool: Pick<Pool, 'query'>): Promise<readonly CalendarUse[]> {
  const { rows } = await pool.query<{ calendar: string; series: string; first: string; last: string }>(IN_USE)
  return rows.map(({ calendar, series, first, last }) => ({
    calendar,
    series: Number(series),
    first: parseTime(first),
    last: parseTime(last),
  }))
}
