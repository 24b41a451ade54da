import { ALWAYS, barSpan, type Calendar, type CalendarOwner, closingTime } from '../calendars/index.ts'
import { QiError } from '../errors.ts'
import { momentText } from '../moment.ts'
import { MICROS_PER_SECOND, type Micros } from '../time.ts'
import { type Timeframe, timeframeMicros } from '../timeframe.ts'
import { CLOCK_SLACK } from './common.ts'
import type { RecordType, RecordValues } from './define.ts'

/** The trading hours of a series. */
export type CalendarOf = (series: CalendarOwner) => Calendar
const alwaysOpen: CalendarOf = () => ALWAYS

/**
 * The record as it may be stored: refused where it is from the future, and not final where its end is still to come. Fields that are
 * wrong otherwise are left to {@link RecordType.check}.
 * @param now the database's clock
 * @throws QiError BAD_DATA naming the field, its value and the clock
 */
export function admit<R extends RecordValues>(
  type: RecordType<R>,
  record: R,
  now: Micros,
  calendarOf: CalendarOf = alwaysOpen,
): R {
  if ((record.time as Micros) > now + type.ahead && !hasBegun(record, now, calendarOf))
    throw fromTheFuture(type.name, 'time', record.time as Micros, type.ahead, now)
  if ((record.receivedAt as Micros) > now + CLOCK_SLACK)
    throw fromTheFuture(type.name, 'received_at', record.receivedAt as Micros, CLOCK_SLACK, now)
  return closedOnceOver(record, calendarOf)
}

/** True for a bar that is named by a date whose trading day has begun: it may do so before 00:00 UTC. */
function hasBegun({ time, timeframe, source, coinId }: RecordValues, now: Micros, calendarOf: CalendarOf): boolean {
  if (typeof timeframe !== 'string') return false
  const calendar = calendarOf({ source: source as string, coinId: coinId as string })
  return barSpan(calendar, timeframe as Timeframe, time as Micros).from <= now
}

/** A candle that was received before its end, which may be the close of its market, is not final, whatever it claims. */
function closedOnceOver<R extends RecordValues>(record: R, calendarOf: CalendarOf): R {
  if (record.isFinal !== true) return record
  const { time, receivedAt, timeframe, source, coinId } = record
  if (typeof timeframe !== 'string') return record
  if (!((time as Micros) + timeframeMicros(timeframe as Timeframe) > (receivedAt as Micros))) return record
  const calendar = calendarOf({ source: source as string, coinId: coinId as string })
  return closingTime(calendar, barSpan(calendar, timeframe as Timeframe, time as Micros)) > (receivedAt as Micros)
    ? { ...record, isFinal: false }
    : record
}

function fromTheFuture(name: string, field: string, time: Micros, ahead: Micros, now: Micros): QiError {
  const minutes = Math.round(ahead / (60 * MICROS_PER_SECOND))
  return new QiError(
    'BAD_DATA',
    `${name}: ${field} ${momentText(time)} is from the future: the database's clock says ${momentText(now)}, and at most ${minutes} minutes ahead of it are taken`,
    { field },
  )
}

/** Moments remembered; older ones are forgotten half of them at a time. */
const REMEMBERED = 20_000

/**
 * Keeps the order of arrival of trades that have no sequence: within one series and moment `received_at` grows from trade to trade, by
 * a microsecond where the clock did not move on. One object serves everything that arrives on one way.
 */
export class ArrivalOrder {
  #recent = new Map<string, Micros>()
  #older = new Map<string, Micros>()

  stamp<R extends RecordValues>(type: RecordType<R>, record: R): R {
    if (!type.ordersByArrival || record.sequence !== undefined) return record
    const { source, coinId, currency, time } = record
    const moment = `${source}\n${coinId}\n${currency}\n${time}`
    const last = this.#recent.get(moment) ?? this.#older.get(moment)
    const received = record.receivedAt as Micros
    const stamped = last !== undefined && received <= last ? last + 1 : received
    this.#recent.set(moment, stamped)
    if (this.#recent.size >= REMEMBERED / 2) {
      this.#older = this.#recent
      this.#recent = new Map()
    }
    return stamped === received ? record : { ...record, receivedAt: stamped }
  }
}
