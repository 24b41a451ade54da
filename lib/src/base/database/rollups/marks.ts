import type { PoolClient } from '../pool.ts'
import { LEVELS, type Level, lengthOf, lowestOf, orderOf, RAW, ROLLED, type Rolled } from './levels.ts'
import type { Stretch, Stretches } from './stretches.ts'

/** Series are rolled up in so many parts, each by one worker at a time. */
export const SHARDS = 8

/** SQL: the part that a series belongs to, by its number. */
export const shardOf = (series: string): string => `(${series} & ${SHARDS - 1})::smallint`

/** Some of the marks that are due. */
export interface Taken {
  readonly ids: readonly string[]
  /** Stretches of series that they note. */
  readonly count: number
  readonly dirty: Stretches
  /** The present, in seconds since 1970. */
  readonly present: number
}

/** Marks of which shards and levels. */
export interface Part {
  readonly shards: readonly number[]
  readonly levels: readonly [Level, Level]
}

/** So many marks are looked at for one pass. */
const MOST_ROWS = 2000

/** $1 shards, $2 and $3 the levels, $4 about how many stretches */
const FIND = `select coalesce(array_agg(id::text), '{}') as ids, coalesce(sum(size), 0)::int as count, extract(epoch from now())::float8 as present
  from (select id, cardinality(series) as size, sum(cardinality(series)) over (order by due, id) - cardinality(series) as before
    from (select * from rollup_marks where shard = any ($1::smallint[]) and due <= now() and level between $2 and $3 order by due, id
      limit ${MOST_ROWS}) as m) as m
  where before < $4`

const LOWEST = `case built_from ${ROLLED.map((rolled) => `when '${rolled}' then ${orderOf(lowestOf(rolled))}`).join(' ')} end`

/**
 * The stretches that marks stand for. Of records that retention has dropped in part no bar is made again: the bar that was made while all of them were
 * there is the better one. The least bars that are made of records are of five minutes.
 */
const READ = `with kept as (select substring(name from 12) as built_from,
      date_bin('5 minutes', value::timestamptz + interval '5 minutes' - interval '1 microsecond', 'epoch') as since
    from qicore_settings where name like 'kept_since.%'),
  marks as (select built_from, level, until, series,
      case when level = ${LOWEST} then greatest(since, (select k.since from kept as k where k.built_from = m.built_from)) else since end as since
    from rollup_marks as m where id = any ($1::bigint[]))
  select built_from, level, array_agg(number::text) as numbers, array_agg(extract(epoch from since)::float8) as since,
    array_agg(extract(epoch from until)::float8) as until
  from (select distinct built_from, level, number, since, until from marks cross join lateral unnest(series) as number where since < until) as m
  group by built_from, level`

interface Row {
  readonly built_from: Rolled
  readonly level: number
  readonly numbers: readonly string[]
  readonly since: readonly number[]
  readonly until: readonly number[]
}

/** Those that have been due for longest. @param most about how many stretches */
export async function takeMarks(client: PoolClient, { shards, levels }: Part, most: number): Promise<Taken> {
  const found = await client.query<Omit<Taken, 'dirty'>>(FIND, [shards, ...levels.map(orderOf), most])
  const { ids = [], count = 0, present = 0 } = found.rows[0] ?? {}
  const dirty = new Map<Rolled, Map<Level, readonly Stretch[]>>()
  if (count > 0)
    for (const { built_from, level, numbers, since, until } of (await client.query<Row>(READ, [ids])).rows) {
      const stretches = numbers.map((series, i) => ({ series, from: since[i] as number, to: until[i] as number }))
      const byLevel = dirty.get(built_from) ?? new Map<Level, readonly Stretch[]>()
      dirty.set(built_from, byLevel.set(LEVELS[level] as Level, stretches))
    }
  return { ids, count, present, dirty }
}

/**
 * Notes stretches once, due when they are over. All bars of a level are over at the same moment, so the shards take turns, over a
 * quarter of a bar's time and a few minutes at most.
 * $1 kind, $2 level, $3–$5 series, from and to in seconds, $6 length of the level
 */
const NOTE = `insert into rollup_marks (shard, built_from, level, since, until, due, series)
  select e.shard, $1, $2, e.since, e.until, greatest(now(), e.until + e.shard * least($6::interval / ${SHARDS * 4}, interval '30 seconds')), array_agg(e.number)
  from (
    select ${shardOf('number')} as shard, number, to_timestamp(since) as since, to_timestamp(until) as until
      from unnest($3::bigint[], $4::float8[], $5::float8[]) as e (number, since, until)
    except
    select m.shard, unnest(m.series), m.since, m.until from rollup_marks as m
      where m.shard = any (array(select distinct ${shardOf('number')} from unnest($3::bigint[]) as number))
        and m.due > now() and m.built_from = $1 and m.level = $2) as e
  group by e.shard, e.since, e.until`

/** Marks that were carried out give way to those of what is left. Within one transaction. */
export async function replaceMarks(client: PoolClient, ids: readonly string[], left: Stretches): Promise<void> {
  await client.query('delete from rollup_marks where id = any ($1::bigint[])', [ids])
  for (const [rolled, byLevel] of left)
    for (const [level, stretches] of byLevel)
      await client.query(NOTE, [
        rolled,
        orderOf(level),
        stretches.map(({ series }) => series),
        stretches.map(({ from }) => from),
        stretches.map(({ to }) => to),
        lengthOf(level).replace(/interval '(.*)'/, '$1'),
      ])
}

/** Series of one mark of what is there already: a pass takes whole marks. */
const TOGETHER = 64

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
  insert into rollup_marks (shard, built_from, level, since, until, series)
  select shard, '${rolled}', ${orderOf(lowestOf(rolled))}, day, day + interval '1 day', array_agg(id)
  from (select ${shardOf('id')} as shard, day, id, row_number() over (partition by ${shardOf('id')}, day order by id) / ${TOGETHER} as n from days) as d
  group by shard, day, n`
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
