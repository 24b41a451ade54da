import { type CalendarUse, calendarsInUse, type Store } from '../../../lib/src/base/database/index.ts'
import { CALENDARS, countOf, formatTime, type Micros } from '../../../lib/src/base/types/index.ts'
import { type Finding, failed, ok, unused } from './finding.ts'

const DAY: Micros = 86_400_000_000
/** How long before the end of a table its users are warned. */
const WARNED = 60 * DAY
const REMEDY = 'install a newer version of QiCore; in a checkout, `npm run calendars` makes the tables again'

const day = (time: Micros): string => formatTime(time).slice(0, 10)

/** Compares the calendars of stored series with the years that their tables hold. */
export async function checkCalendars({ pool, clock }: Pick<Store, 'pool' | 'clock'>): Promise<Finding[]> {
  return (await calendarsInUse(pool)).map((use) => examineCalendar(use, clock.now()))
}

export function examineCalendar({ calendar, series, first, last }: CalendarUse, now: Micros): Finding {
  const name = `calendar ${calendar}`
  const of = countOf(series, 'series', 'series')
  const found = CALENDARS.find((one) => one.name === calendar)
  if (!found) return failed(name, `${of}: this version does not know it, so closed hours show as gaps`, REMEDY)
  const { known } = found
  if (!known) return ok(name, `${of}; its hours are known for all times`)
  const range = `its hours are known from ${day(known.from)} to ${day(known.to - DAY)}`
  if (Math.max(now, last) >= known.to)
    return failed(name, `${of}; ${range}: after that no gap is found, and no hour counts as closed`, REMEDY)
  if (now >= known.to - WARNED)
    return unused(name, `${of}; ${range}, and this ends in ${Math.ceil((known.to - now) / DAY)} days`, REMEDY)
  return ok(name, first < known.from ? `${of}; ${range}: before that no gap is found` : `${of}; ${range}`)
}
