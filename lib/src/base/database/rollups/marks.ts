import type { PoolClient } from '../connections/pool.ts'
import type { DirtyRange, DirtyRanges } from './dirtyRanges.ts'
import { LEVELS, type Level, lengthOf, lowestOf, orderOf, RAW, ROLLED, type Rolled } from './levels.ts'

/** Number of shards of the series; one worker at a time rolls up a shard. */
export const SHARDS = 8

/** SQL: the shard of a series, by its number. */
export const shardOf = (series: string): string => `(${series} & ${SHARDS - 1})::smallint`

/** Due marks taken for one pass. */
export interface Taken {
  readonly ids: readonly string[]
  /** Number of dirty ranges in the marks. */
  readonly count: number
  readonly dirty: DirtyRanges
  /** The present, in seconds since 1970. */
  readonly present: number
}

/** One worker's share of the marks: these shards, and the levels from the first to the last. */
export interface RollupPart {
  readonly shards: readonly number[]
  readonly levels: readonly [Level, Level]
}

/** Most marks that one pass looks at. */
const MOST_ROWS = 2000

/** $1 shards, $2 and $3 first and last level, $4 approximate number of ranges. */
const FIND = `select coalesce(array_agg(id::text), '{}') as ids, coalesce(sum(size), 0)::int as count, extract(epoch from now())::float8 as present
  from (select id, cardinality(series) as size, sum(cardinality(series)) over (order by due, id) - cardinality(series) as before
    from (select * from rollup_marks where shard = any ($1::smallint[]) and due <= now() and level between $2 and $3 order by due, id
      limit ${MOST_ROWS}) as m) as m
  where before < $4`

const LOWEST = `case built_from ${ROLLED.map((rolled) => `when '${rolled}' then ${orderOf(lowestOf(rolled))}`).join(' ')} end`

/**
 * The dirty ranges of marks ($1 ids). Ranges start no earlier than `kept_since`: where retention has dropped some of the records, the
 * bar built while all were there is the better one. It is rounded up to five minutes, the longest bar that is built from records.
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

/** Takes the marks that have been due longest. @param most approximate number of ranges */
export async function takeMarks(client: PoolClient, { shards, levels }: RollupPart, most: number): Promise<Taken> {
  const found = await client.query<Omit<Taken, 'dirty'>>(FIND, [shards, ...levels.map(orderOf), most])
  const { ids = [], count = 0, present = 0 } = found.rows[0] ?? {}
  const dirty = new Map<Rolled, Map<Level, readonly DirtyRange[]>>()
  if (count > 0)
    for (const { built_from, level, numbers, since, until } of (await client.query<Row>(READ, [ids])).rows) {
      const ranges = numbers.map((series, i) => ({ series, from: since[i] as number, to: until[i] as number }))
      const byLevel = dirty.get(built_from) ?? new Map<Level, readonly DirtyRange[]>()
      dirty.set(built_from, byLevel.set(LEVELS[level] as Level, ranges))
    }
  return { ids, count, present, dirty }
}

/**
 * Marks ranges, unless they are marked already. A mark is due at the end of its range. All bars of a level end at the same moment, so the
 * due times of the shards are spread over a quarter of a bar, at most 30 seconds a shard.
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

/** Replaces the marks that were carried out by marks of the remaining ranges. Runs inside the caller's transaction. */
export async function replaceMarks(client: PoolClient, ids: readonly string[], left: DirtyRanges): Promise<void> {
  await client.query('delete from rollup_marks where id = any ($1::bigint[])', [ids])
  for (const [rolled, byLevel] of left)
    for (const [level, ranges] of byLevel)
      await client.query(NOTE, [
        rolled,
        orderOf(level),
        ranges.map(({ series }) => series),
        ranges.map(({ from }) => from),
        ranges.map(({ to }) => to),
        lengthOf(level).replace(/interval '(.*)'/, '$1'),
      ])
}

/** Series per mark of {@link markHistory}; small, since a pass takes whole marks. */
const TOGETHER = 64

/** SQL that marks each day with data of each series; the days are found by skipping through the index. */
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

/** Marks everything that is stored, to be rolled up again. */
export async function markHistory(client: PoolClient): Promise<void> {
  for (const rolled of ROLLED) await client.query(history(rolled))
}

const FUNCTIONS: Readonly<Record<Rolled, string>> = {
  trades: "rollup_mark('trades')",
  prices: "rollup_mark('prices')",
  candles: 'rollup_mark_candles()',
}

/** Triggers that mark each write, whichever way it comes. */
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

/** Creates the triggers; writes are marked from the end of this transaction on. */
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
