import { ALWAYS, CALENDARS, type Calendar } from '../../types/index.ts'
import type { RawRow, Statement } from '../textQuery.ts'

/** How long what was read counts, in milliseconds: a source that is started anew may name another calendar. */
const FRESH_MS = 10_000

/** Sources that name a calendar; the table is made by coverage. */
const NAMED = {
  name: 'calendars',
  text: "select source, calendar from coverage_sources where calendar <> '24x7'",
} as const
const THERE = { name: 'calendars_there', text: "select to_regclass('coverage_sources') is not null as there" } as const

type Ask = (statement: Statement) => Promise<readonly RawRow[]>

/** The trading hours of stored series. While no calendar but 24x7 is known nothing is asked. */
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
  async of({ source }: { readonly source: string }, ask: Ask): Promise<Calendar> {
    if (this.#never) return ALWAYS
    if (performance.now() - this.#readAt > FRESH_MS) {
      this.#readAt = performance.now()
      const named = read(ask)
      this.#named = named
      // One that failed is asked for again.
      named.catch(() => {
        if (this.#named === named) this.#readAt = Number.NEGATIVE_INFINITY
      })
    }
    const name = (await this.#named)?.get(source)
    return (name === undefined ? undefined : this.#calendars.get(name)) ?? ALWAYS
  }
}

async function read(ask: Ask): Promise<ReadonlyMap<string, string>> {
  const [found] = await ask(THERE)
  if (found?.there !== 't') return new Map()
  return new Map((await ask(NAMED)).map(({ source, calendar }) => [source as string, calendar as string]))
}
