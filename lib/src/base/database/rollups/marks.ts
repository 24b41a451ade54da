import type { PoolClient } from '../pool.ts'
import { RAW, ROLLED, type Rolled } from './levels.ts'

/** A stretch of one series whose bars are to be made again; times as the server writes them, the end does not belong to it. */
export interface Dirty {
  readonly coinId: string
  readonly source: string
  readonly currency: string
  readonly from: string
  readonly to: string
}

/** Some of the marks, and what they mean for each kind: whole minutes, overlapping ones joined. */
export interface Taken {
  readonly ids: readonly string[]
  readonly dirty: ReadonlyMap<Rolled, readonly Dirty[]>
}

interface TakenRow {
  readonly ids: readonly string[]
  readonly built_from: Rolled
  readonly coin_id: string
  readonly source: string
  readonly currency: string
  /** None where all of it lies before what is kept of the records: there is nothing to make the bars of any more. */
  readonly parts: readonly { readonly from: string; readonly to: string }[] | null
}

/**
 * The oldest marks. Of records that retention has dropped in part no bar is made again: the bar that was made while all of them
 * were there is the better one. The least bars that are made of records are of five minutes.
 */
const TAKE = `with taken as (
    select id, built_from, coin_id, source, currency, since, until from rollup_marks order by id limit $1),
  kept as (select substring(name from 12) as built_from,
      date_bin('5 minutes', value::timestamptz + interval '5 minutes' - interval '1 microsecond', 'epoch') as since
    from qicore_settings where name like 'kept_since.%'),
  minutes as (select t.*, date_bin('1 minute', greatest(t.since, k.since), 'epoch') as first,
      date_bin('1 minute', t.until, 'epoch') + interval '1 minute' as last
    from taken as t left join kept as k on k.built_from = t.built_from),
  parts as (select built_from, coin_id, source, currency, array_agg(id::text) as ids,
      range_agg(tstzrange(first, greatest(first, last))) as ranges
    from minutes group by built_from, coin_id, source, currency)
  select ids, built_from, coin_id, source, currency, (select jsonb_agg(jsonb_build_object('from', lower(r), 'to', upper(r)) order by lower(r))
    from unnest(ranges) as r) as parts
  from parts`

export async function takeMarks(client: PoolClient, most: number): Promise<Taken> {
  const { rows } = await client.query<TakenRow>(TAKE, [most])
  const dirty = new Map<Rolled, Dirty[]>()
  for (const { built_from, coin_id, source, currency, parts } of rows)
    for (const { from, to } of parts ?? []) {
      const stretches = dirty.get(built_from) ?? []
      stretches.push({ coinId: coin_id, source, currency, from, to })
      dirty.set(built_from, stretches)
    }
  return { ids: rows.flatMap(({ ids }) => ids), dirty }
}

export const dropMarks = (client: PoolClient, ids: readonly string[]): Promise<unknown> =>
  client.query('delete from rollup_marks where id = any ($1::bigint[])', [ids])

/** Notes what is there already: each day of each series that holds anything, found by jumping through the index. */
const history = (rolled: Rolled): string => {
  const { table, rows, type, timeframe } = RAW[rolled]
  const next = (after: string) => `select date_bin('1 day', o.time, 'epoch') as day from ${table} as o
    where o.series = s.id ${rows} and o.time >= ${after} order by o.time limit 1`
  return `with recursive days as (
    select s.id, d.day from series as s cross join lateral (${next("'-infinity'::timestamptz")}) as d
      where s.type = '${type}' and s.timeframe = '${timeframe}' and s.first is not null
    union all
    select s.id, d.day from days as s cross join lateral (${next("s.day + interval '1 day'")}) as d)
  insert into rollup_marks (built_from, coin_id, source, currency, since, until)
  select '${rolled}', s.coin_id, s.source, s.currency, d.day, d.day + interval '1 day' - interval '1 microsecond'
  from days as d join series as s on s.id = d.id`
}

export async function markHistory(client: PoolClient): Promise<void> {
  for (const rolled of ROLLED) await client.query(history(rolled))
}

const FUNCTIONS: Readonly<Record<Rolled, string>> = {
  trades: "rollup_mark('trades')",
  prices: "rollup_mark('prices')",
  candles: 'rollup_mark_candles()',
}

/** Triggers by which whatever writes a record notes it, by whichever way it comes. */
export const WATCHES = ROLLED.flatMap((rolled) =>
  ['insert', 'update'].map((event) => {
    const name = `rollup_${event}`
    const { table } = RAW[rolled]
    return {
      ...{ name, table },
      sql: `create trigger ${name} after ${event} on ${table} referencing new table as written for each statement execute function ${FUNCTIONS[rolled]}`,
    }
  }),
)

/** From the end of this transaction on writes are noted. */
export async function watchWrites(client: PoolClient): Promise<void> {
  await ignoreWrites(client)
  for (const { sql } of WATCHES) await client.query(sql)
}

export async function ignoreWrites(client: PoolClient): Promise<void> {
  for (const { name, table } of WATCHES) await client.query(`drop trigger if exists ${name} on ${table}`)
}

export async function isWatched(client: PoolClient): Promise<boolean> {
  const { rowCount } = await client.query(
    "select from pg_trigger where tgrelid = 'trades_rows'::regclass and tgname = 'rollup_insert'",
  )
  return rowCount === 1
}
