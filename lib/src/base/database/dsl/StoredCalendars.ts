import { ALWAYS, CALENDARS, type Calendar, type CalendarOwner, type SeriesCalendars } from '../../types/index.ts'
import type { RawRow, Statement } from '../reading/textQuery.ts'
import { instrumentCalendar } from '../tables/instrumentCalendar.ts'

/** How long the calendars that were read stay fresh, in milliseconds: a source that restarts may name another calendar. */
const FRESH_MS = 10_000

/** SQL: sources, pairs and securities that name a calendar. Coverage makes the table of sources. */
const NAMED = {
  name: 'calendars',
  text: `select source, '' as coin_id, calendar from coverage_sources where calendar <> '24x7'
    union all select source, coin_id, calendar from (select source, coin_id, ${instrumentCalendar('i')} as calendar from trading_pairs as i
      union all select source, coin_id, ${instrumentCalendar('i')} from securities as i) as n where calendar is not null`,
} as const
const THERE = { name: 'calendars_there', text: "select to_regclass('coverage_sources') is not null as there" } as const

type Ask = (statement: Statement) => Promise<readonly RawRow[]>

/** No name of a source holds a colon. */
const keyOf = (source: string, coinId: string): string => `${source}:${coinId}`

/** The trading hours of stored series: the calendar of the pair or security, else that of its source. Asks nothing while 24x7 is the only known calendar. */
export class StoredCalendars implements SeriesCalendars {
  readonly #ask: Ask
  readonly #calendars: ReadonlyMap<string, Calendar>
  readonly #never: boolean
  #named: ReadonlyMap<string, string> = new Map()
  #reading: Promise<void> | undefined
  #readAt = Number.NEGATIVE_INFINITY

  constructor(ask: Ask, calendars: readonly Calendar[] = CALENDARS) {
    this.#ask = ask
    this.#calendars = new Map(calendars.map((calendar) => [calendar.name, calendar]))
    this.#never = calendars.every(({ always }) => always)
  }

  async refresh(maxAgeMs = FRESH_MS): Promise<void> {
    if (this.#never || performance.now() - this.#readAt <= maxAgeMs) return
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined
    })
    await this.#reading
  }

  readonly of = ({ source, coinId }: CalendarOwner): Calendar => {
    const name = this.#named.get(keyOf(source, coinId)) ?? this.#named.get(keyOf(source, ''))
    return (name === undefined ? undefined : this.#calendars.get(name)) ?? ALWAYS
  }

  async #read(): Promise<void> {
    const [found] = await this.#ask(THERE)
    const rows = found?.there === 't' ? await this.#ask(NAMED) : []
    this.#named = new Map(rows.map((row) => [keyOf(row.source as string, row.coin_id as string), row.calendar as string]))
    this.#readAt = performance.now()
  }
}
