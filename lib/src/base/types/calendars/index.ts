import { QiError } from '../errors.ts'
import { ALWAYS, type Calendar } from './Calendar.ts'
import { EXCHANGES } from './exchanges.ts'
import { FX } from './fx.ts'

export { ALWAYS, type Calendar, type CalendarOwner, NEVER_CLOSED, type SeriesCalendars } from './Calendar.ts'
export { barBefore, barSpan, closingTime, openBars, openHours, openTime, type Phase, phasesOf, tradingDate } from './hours.ts'

/** Every calendar that a source may name. */
export const CALENDARS: readonly Calendar[] = [ALWAYS, FX, ...EXCHANGES]

/** @throws QiError CONFIG_INVALID naming those that there are */
export function calendarOf(name: string, calendars: readonly Calendar[] = CALENDARS): Calendar {
  const found = calendars.find((calendar) => calendar.name === name)
  if (found) return found
  const known = calendars.map((calendar) => calendar.name).join(', ')
  throw new QiError('CONFIG_INVALID', `calendar "${name.slice(0, 60)}": there is no such calendar; known are ${known}`, {
    field: 'calendar',
  })
}
