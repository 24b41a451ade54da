import { QiError, type RecordValues } from '../../types/index.ts'
import { classifyPgError, refusesRows, sqlState } from '../connections/errors.ts'
import type { Pool } from '../connections/pool.ts'
import { SERIES_NAMES, type SeriesSpec } from '../tables/tables.ts'

/** Separates the names in a key; PostgreSQL texts cannot contain it. */
const SEPARATOR = '\0'
const ATTEMPTS = 5
const MOST_REFUSED = 1000

/** Thrown when rows belong to series whose numbers are not known yet; `keys` as of {@link SeriesNumbers.keyOf}. */
export class UnknownSeries extends Error {
  readonly keys: ReadonlySet<string>

  constructor(keys: ReadonlySet<string>) {
    super('rows of series that have no number yet')
    this.keys = keys
  }
}

/** Finds or creates numbers; arguments are arrays of names. Ordered, so that concurrent writers do not deadlock. */
const LEARN = `with given as (
  select * from unnest(${SERIES_NAMES.map((_, at) => `$${at + 2}::text[]`).join(', ')}) as g (${SERIES_NAMES.join(', ')})),
made as (
  insert into series (type, ${SERIES_NAMES.join(', ')}) select $1::text, ${SERIES_NAMES.map((name) => `g.${name}`).join(', ')} from given as g
  where not exists (select from series as s where s.type = $1 and ${SERIES_NAMES.map((name) => `s.${name} = g.${name}`).join(' and ')})
  order by ${SERIES_NAMES.map((name) => `g.${name} collate "C"`).join(', ')} on conflict do nothing
  returning id, ${SERIES_NAMES.join(', ')})
select id, ${SERIES_NAMES.join(', ')} from made
union all
select s.id, ${SERIES_NAMES.map((name) => `s.${name}`).join(', ')} from given as g join series as s on s.type = $1
  and ${SERIES_NAMES.map((name) => `s.${name} = g.${name}`).join(' and ')}`

/** Cache of the series numbers of one record type. A number never changes. */
export class SeriesNumbers {
  readonly spec: SeriesSpec
  readonly #numbers = new Map<string, number>()
  /** Errors of series that the database refuses, by key. */
  readonly #refused = new Map<string, QiError>()
  /** For each column of the registry: index of its name in a key, -1 if the type has none. */
  readonly #places: readonly number[]

  constructor(spec: SeriesSpec) {
    this.spec = spec
    this.#places = SERIES_NAMES.map((name) => spec.names.findIndex((field) => field.name === name))
  }

  /** @param names of one series, in the order of {@link SeriesSpec.names} */
  keyOf(names: readonly string[]): string {
    return names.join(SEPARATOR)
  }

  /** The number of a series; undefined if it is not cached. */
  find(key: string): number | undefined {
    return this.#numbers.get(key)
  }

  /** The key of a record's series; undefined if a name is no text. Such a record is refused by its own check. */
  keyOfRecord(record: RecordValues): string | undefined {
    let key = ''
    for (const { property } of this.spec.names) {
      const name = record[property]
      if (typeof name !== 'string') return undefined
      key = key === '' ? name : `${key}${SEPARATOR}${name}`
    }
    return key
  }

  /** True if the number of a series must be learnt before a row is made. */
  mustLearn(key: string | undefined): key is string {
    return key !== undefined && !this.#numbers.has(key) && !this.#refused.has(key) && this.#isStorable(key)
  }

  /** Learns the missing numbers of the records' series. */
  async learnOf(client: Pick<Pool, 'query'>, records: readonly RecordValues[]): Promise<void> {
    const unknown = new Set<string>()
    for (const record of records) {
      const key = this.keyOfRecord(record)
      if (this.mustLearn(key)) unknown.add(key)
    }
    if (unknown.size > 0) await this.learn(client, unknown)
  }

  /** The error of a series that the database refuses, such as names too long for an index. */
  refusalOf(key: string): QiError | undefined {
    return this.#refused.get(key)
  }

  /** Learns numbers from the registry. A new series gets one, in a transaction of its own. */
  async learn(client: Pick<Pool, 'query'>, keys: ReadonlySet<string>): Promise<void> {
    try {
      await this.#learn(client, keys)
    } catch (error) {
      if (!refusesRows(sqlState(error))) throw error
      const all = [...keys]
      if (all.length === 1) {
        if (this.#refused.size >= MOST_REFUSED) this.#refused.clear()
        this.#refused.set(all[0] as string, classifyPgError(error))
        return
      }
      // Bisects to find the refused series.
      await this.learn(client, new Set(all.slice(0, all.length >> 1)))
      await this.learn(client, new Set(all.slice(all.length >> 1)))
    }
  }

  async #learn(client: Pick<Pool, 'query'>, keys: ReadonlySet<string>): Promise<void> {
    let rest = [...keys]
    // A statement does not see a series that another transaction creates meanwhile; the next one does.
    for (let attempt = 1; rest.length > 0; attempt++) {
      if (attempt > ATTEMPTS) throw new QiError('UNAVAILABLE', 'another transaction is creating the same series; try again')
      const names = rest.map((key) => key.split(SEPARATOR))
      const columns = this.#places.map((place) => names.map((of) => (place < 0 ? '' : of[place])))
      const { rows } = await client.query<Record<string, string>>(LEARN, [this.spec.type, ...columns])
      for (const row of rows)
        this.#numbers.set(this.keyOf(this.spec.names.map(({ name }) => row[name] as string)), Number(row.id))
      rest = rest.filter((key) => !this.#numbers.has(key))
    }
  }

  /** False for names with NUL or half a surrogate pair, which PostgreSQL cannot store: the record is refused when its row is made. */
  #isStorable(key: string): boolean {
    return key.isWellFormed() && key.split(SEPARATOR).length === this.spec.names.length
  }
}
