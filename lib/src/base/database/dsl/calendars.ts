import { ALWAYS, CALENDARS, type Calendar } from '../../types/index.ts'
import type { RawRow, Statement } from '../textQuery.ts'

/** How long what was read counts, in milliseconds: a source that is started anew may name another calendar. */
const FRESH_MS = 10_000

/** Sources and pairs that name a calendar; the table of sources is made by coverage. */
const NAMED = {
  name: 'calendars',
  text: `select source, '' as coin_id, calendar from coverage_sources where calendar <> '24x7'
    union all select source, coin_id, calendar from trading_pairs where calendar is not null`,
} as const
const THERE = { name: 'calendars_there', text: "select to_regclass('coverage_sources') is not null as there" } as const

type Ask = (statement: Statement) => Promise<readonly RawRow[]>

/** A series, as far as its trading hours are concerned. */
export interface CalendarOwner {
  readonly source: string
  readonly coinId: string
}

/** No name of a source holds a colon. */
const keyOf = (source: string, coinId: string): string => `${source}:${coinId}`

/** The trading hours of stored series: those of the pair, else those of its source. While no calendar but 24x7 is known nothing is asked. */
export class SeriesCalendars {
  readonly #calendars: ReadonlyMap<string, Calendar>
  readonly #never: boolean
  #named: Promise<ReadonlyMap<string, string>> | undefined
  #readAt = Number.NEGATIVE_INFINITY

  constructor(calendars: readonly Calendar[] = CALENDARS) {
    this.#calendars = new Map(calendars.map((calendar) => [calendar.name, calendar]))
    this.#never = calendars.every(({ always }) => always)
  }

  /** @throws QiError when the database does not answer */
  async of({ source, coinId }: CalendarOwner, ask: Ask): Promise<Calendar> {
    if (this.#never) return ALWAYS
    if (performance.now() - this.#readAt > FRESH_MS) {
      this.#readAt = performance.now()
      const reading = read(ask)
      this.#named = reading
      // One that failed is asked for again.
      reading.catch(() => {
        if (this.#named === reading) this.#readAt = Number.NEGATIVE_INFINITY
      })
    }
    const named = await this.#named
    const name = named?.get(keyOf(source, coinId)) ?? named?.get(keyOf(source, ''))
    return (name === undefined ? undefined : this.#calendars.get(name)) ?? ALWAYS
  }
}

async function read(ask: Ask): Promise<ReadonlyMap<string, string>> {
  const [found] = await ask(THERE)
  if (found?.there !== 't') return new Map()
  return new Map((await ask(NAMED)).map((row) => [keyOf(row.source as string, row.coin_id as string), row.calendar as string]))
}
