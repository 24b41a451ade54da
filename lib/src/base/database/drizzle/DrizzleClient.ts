import type { SQL } from 'drizzle-orm'
import type { NodePgDatabase } from 'drizzle-orm/node-postgres'
import {
  type ArrivalOrder,
  admit,
  formatTime,
  type Micros,
  type Ohlcv,
  ohlcv,
  type Price,
  price,
  type RecordType,
  type RecordValues,
  type SeriesCalendars,
  type Timeframe,
} from '../../types/index.ts'
import { classifyPgError } from '../connections/errors.ts'
import type { Pool } from '../connections/pool.ts'
import { cryptoPrices, ohlcvData } from '../schema/index.ts'
import { and, asc, desc, drizzle, gte, lt, sql } from '../schema/orm.ts'
import { notFuture } from '../tables/notFuture.ts'
import { seriesNumberSql } from '../tables/seriesLookup.ts'
import { tableOf } from '../tables/tables.ts'
import { SingleInsert } from './SingleInsert.ts'

export interface SeriesOf {
  readonly coinId: string
  readonly source: string
  readonly currency: string
}

export interface TimeRange {
  /** Start, inclusive. */
  readonly from: Micros
  /** End, exclusive. */
  readonly to: Micros
  /** Most rows; default 1000. */
  readonly limit?: number
}

/** Inputs of the checks on a single record: the database's clock, the order of arrival, and the calendars. */
export interface Admission {
  readonly now: () => Micros
  readonly arrivals: ArrivalOrder
  readonly calendars: SeriesCalendars
}

/** Typed reads and small writes by Drizzle, on the store's pool; statements are prepared once per connection. */
export class DrizzleClient {
  readonly #latest: ReturnType<typeof prepareLatest>
  readonly #prices: ReturnType<typeof preparePrices>
  readonly #bars: ReturnType<typeof prepareBars>
  readonly #inserts = new Map<string, SingleInsert>()
  readonly #pool: Pool

  readonly #admission: Admission

  constructor(pool: Pool, admission: Admission) {
    this.#admission = admission
    this.#pool = pool
    const database = drizzle(pool)
    this.#latest = prepareLatest(database)
    this.#prices = preparePrices(database)
    this.#bars = prepareBars(database)
  }

  /** The newest price of a series. @throws QiError */
  async latestPrice(series: SeriesOf): Promise<Price | undefined> {
    const [row] = await classified(this.#latest.execute({ ...series }))
    return row && present<Price>(row)
  }

  /** Prices of a series, oldest first. @throws QiError */
  async prices(series: SeriesOf, range: TimeRange): Promise<readonly Price[]> {
    return (await classified(this.#prices.execute({ ...series, ...times(range) }))).map((row) => present<Price>(row))
  }

  /** The stored bars of one timeframe, oldest first. @throws QiError */
  async bars(series: SeriesOf & { readonly timeframe: Timeframe }, range: TimeRange): Promise<readonly Ohlcv[]> {
    return (await classified(this.#bars.execute({ ...series, ...times(range) }))).map((row) => present<Ohlcv>(row))
  }

  /** Stores one record; on an existing key the greater (is_final, received_at) wins. @throws QiError BAD_DATA for one from the future */
  async insert<R extends RecordValues>(type: RecordType<R>, given: R): Promise<void> {
    const { now, arrivals, calendars } = this.#admission
    await calendars.refresh()
    const record = arrivals.stamp(type, admit(type, type.checkRule(given), now(), calendars.of))
    const spec = tableOf(type, record)
    let insert = this.#inserts.get(spec.name)
    if (!insert) {
      insert = new SingleInsert(this.#pool, spec)
      this.#inserts.set(spec.name, insert)
    }
    await classified(insert.run(record))
  }

  /**
   * Stores prices one after another, for a handful at a time; `TimescaleClient.upsert` copies many. Of two prices on one key the
   * one received last stays.
   * @throws QiError BAD_DATA for one from the future; the prices before it are stored
   */
  async insertCryptoPrices(prices: readonly Price[]): Promise<void> {
    for (const each of prices) await this.insert(price, each)
  }
}

type SeriesTable = typeof cryptoPrices | typeof ohlcvData

/** SQL of the series number: rows then come from the index in time order. */
function ofSeries(type: 'price' | 'ohlcv'): SQL {
  const names = ['coinId', 'source', 'currency', ...(type === 'ohlcv' ? ['timeframe'] : [])]
  const marked = seriesNumberSql(type, {
    coin_id: '{coinId}',
    source: '{source}',
    currency: '{currency}',
    timeframe: type === 'ohlcv' ? '{timeframe}' : "''",
  })
  return sql.join(marked.split(/[{}]/).map((part) => (names.includes(part) ? sql.placeholder(part) : sql.raw(part))))
}
const isOf = (type: 'price' | 'ohlcv'): SQL => sql`series = ${ofSeries(type)}`

/** Condition that leaves out rows with NaN or infinities, which older versions accepted. */
const readable = (type: RecordType) =>
  sql.raw(
    type.fields
      .filter(({ kind }) => kind === 'decimal')
      .map(({ name }) => `(${name} is null or scale(${name}) is not null)`)
      .join(' and '),
  )

const inRange = ({ time }: SeriesTable) => and(gte(time, sql.placeholder('from')), lt(time, sql.placeholder('to')))

const prepareLatest = (db: NodePgDatabase) =>
  db
    .select()
    .from(cryptoPrices)
    .where(and(isOf('price'), sql.raw(notFuture('time')), readable(price as unknown as RecordType)))
    .orderBy(desc(cryptoPrices.time))
    .limit(1)
    .prepare('drizzle_latest_price')

const preparePrices = (db: NodePgDatabase) =>
  db
    .select()
    .from(cryptoPrices)
    .where(and(isOf('price'), inRange(cryptoPrices), readable(price as unknown as RecordType)))
    .orderBy(asc(cryptoPrices.time))
    .limit(sql.placeholder('limit'))
    .prepare('drizzle_prices')

const prepareBars = (db: NodePgDatabase) =>
  db
    .select()
    .from(ohlcvData)
    .where(and(isOf('ohlcv'), inRange(ohlcvData), readable(ohlcv as unknown as RecordType)))
    .orderBy(asc(ohlcvData.time))
    .limit(sql.placeholder('limit'))
    .prepare('drizzle_bars')

const times = ({ from, to, limit = 1000 }: TimeRange) => ({ from: formatTime(from), to: formatTime(to), limit })

/** Classifies errors of the driver, which Drizzle wraps. */
async function classified<T>(query: Promise<T>): Promise<T> {
  try {
    return await query
  } catch (error) {
    throw classifyPgError((error as { cause?: unknown }).cause ?? error)
  }
}

/** Converts a row to a record: null columns are left out. */
function present<R>(row: Readonly<Record<string, unknown>>): R {
  const record: Record<string, unknown> = {}
  for (const name in row) if (row[name] !== null) record[name] = row[name]
  return record as R
}
