import { describe, expect, test } from 'vitest'
import { checkStatement } from '../../../lib/src/base/database/index.ts'

const refusal = (sql: string): Promise<string> =>
  checkStatement(sql).then(
    ({ attributes }) => `passes with ${JSON.stringify(attributes)}`,
    (error: { code: string; message: string }) => `${error.code} ${error.message}`,
  )

describe('a statement from outside', () => {
  test.each([
    'select 1',
    'select 1;;',
    'values (1, 2), (3, 4)',
    'table crypto_prices',
    'with recursive t(n) as (select 1 union all select n + 1 from t where n < 5) select * from t',
    'with t as materialized (select coin_id from crypto_prices) select * from t natural join trades',
    "select time_bucket('1 day', time), first(price, time), last(price, time) from crypto_prices group by 1",
    "select date_bin('1 hour', time, 'epoch'::timestamptz), percentile_cont(0.5) within group (order by price) from crypto_prices group by 1",
    'select sum(price) filter (where price > 0) over w from crypto_prices window w as (partition by coin_id order by time rows 5 preceding)',
    'select lag(price) over (order by time), row_number() over () from crypto_prices',
    "select extract(year from time), time at time zone 'UTC', trim(both ' ' from coin_id), substring(coin_id from 1 for 2), position('a' in coin_id), overlay('a' placing 'b' from 1), (time, time) overlaps (time, time) from crypto_prices",
    'select case when price > 1 then 1 else 2 end, coalesce(price, 1), nullif(price, 1), greatest(price, 1), price is null, not true from crypto_prices',
    "select (array[1,2])[1], row(1, 2), '{1}'::int[], 1 = any(array[1]), exists (select 1), (select 1), array(select 1)",
    `select '{"a":1}'::jsonb -> 'a', j.* from jsonb_to_recordset('[]') as j(a int, b text)`,
    "select json_value('1', '$'), json_object('a': 1), json_query('[]', '$'), json_array(1, 2), t.* from json_table('[]', '$[*]' columns (a int path '$.a', nested path '$.b[*]' columns (b text))) t",
    'select * from generate_series(1, 10) with ordinality as g(n, o)',
    'select * from rows from (generate_series(1, 2), unnest(array[1])) as x(a, b)',
    'select * from crypto_prices tablesample system (1) repeatable (1)',
    'select pg_catalog.now(), pg_catalog.lower($$A$$), current_date, current_user, localtimestamp',
    'select count(*) from crypto_prices group by grouping sets ((coin_id), ()) having count(*) > 1 order by 1 desc nulls last limit 5 offset 1',
    "select coin_id collate \"C\" like 'a%' escape '!', coin_id similar to 'a', coin_id ~* 'b' from crypto_prices",
    'select 1 union all select 2 intersect select 3 except select 4',
    'select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace',
    'select table_name from information_schema.tables',
    "select 'pg_sleep(1)', $$pg_sleep(1)$$, 1 /* pg_sleep(1) */ -- pg_sleep(1)",
    'select distinct on (coin_id) * from crypto_prices cross join lateral (select 1) l order by coin_id, time desc fetch first 3 rows with ties',
    "select 'public.trades'::regclass, interval '1 day', 1::numeric(10,2), '1'::bigint, 'a'::varchar(3), b'101', x'ff'",
  ])('passes: %s', async (sql) => {
    expect(await refusal(sql)).toMatch(/^passes/)
  })

  test.each([
    ['select pg_sleep(1)', '"pg_sleep"'],
    ['select PG_SLEEP(1)', '"pg_sleep"'],
    ['select "pg_sleep"(1)', '"pg_sleep"'],
    ['select pg_catalog.pg_sleep(1)', '"pg_catalog.pg_sleep"'],
    ['select "pg_catalog"."pg_sleep"(1)', '"pg_catalog.pg_sleep"'],
    ['select qicore.pg_catalog.pg_sleep(1)', 'pg_sleep'],
    ['select public.lower(1)', '"public.lower"'],
    ['select U&"pg\\005fsleep"(1)', '"pg_sleep"'],
    ['select U&"pg!005fsleep" uescape \'!\' (1)', '"pg_sleep"'],
    ['select pg_sleep/* a */ -- b\n (1)', '"pg_sleep"'],
    ['select 1 order by pg_sleep(1)', '"pg_sleep"'],
    ['select 1 limit pg_sleep(1)::text::int', '"pg_sleep"'],
    ['select 1 offset (select pg_sleep(1)::text::int)', '"pg_sleep"'],
    ['select count(*) filter (where pg_sleep(1) is null)', '"pg_sleep"'],
    ['select count(*) over (partition by pg_sleep(1))', '"pg_sleep"'],
    ['select count(*) over (order by 1 rows pg_backend_pid() preceding)', '"pg_backend_pid"'],
    ['select count(*) over w from trades window w as (order by pg_sleep(1))', '"pg_sleep"'],
    ['select string_agg(coin_id, pg_sleep(1)::text order by pg_sleep(1)) from trades', '"pg_sleep"'],
    ['select percentile_cont(0.5) within group (order by pg_sleep(1)) from trades', '"pg_sleep"'],
    ['select * from pg_sleep(1)', '"pg_sleep"'],
    ['select * from lateral pg_sleep(1) as s', '"pg_sleep"'],
    ['select * from rows from (generate_series(1, 2), pg_sleep(1)) as x', '"pg_sleep"'],
    ['select * from trades tablesample system (pg_sleep(1)::text::real)', '"pg_sleep"'],
    ['select * from trades tablesample pg_sleep (1)', 'sampling method'],
    ["select * from json_table(pg_sleep(1)::text, '$' columns (a int path '$'))", '"pg_sleep"'],
    ["select json_value('1', '$' passing pg_sleep(1) as x)", '"pg_sleep"'],
    ["select json_value('1', '$' default pg_sleep(1)::text on empty)", '"pg_sleep"'],
    ["select json_object('a': pg_sleep(1))", '"pg_sleep"'],
    ["select * from xmltable('/a' passing '<a/>' columns b text)", 'XMLTABLE'],
    ['select xmlelement(name a, pg_sleep(1))', 'XML'],
    ["select xmlparse(document '<a/>')", 'XML'],
    ["select xmlexists('/a' passing '<a/>')", 'xml'],
    ['values (pg_sleep(1))', '"pg_sleep"'],
    ['select (select (select array(select pg_sleep(1))))', '"pg_sleep"'],
    ['select 1 from trades a join trades b on pg_sleep(1) is null', '"pg_sleep"'],
    ['select 1 where exists (select pg_sleep(1))', '"pg_sleep"'],
    ['select 1 group by pg_sleep(1)', '"pg_sleep"'],
    ['select 1 group by cube (pg_sleep(1))', '"pg_sleep"'],
    ['select 1 having pg_sleep(1) is null', '"pg_sleep"'],
    ['select distinct on (pg_sleep(1)) 1', '"pg_sleep"'],
    ['with a as (select pg_sleep(1)) select 1', '"pg_sleep"'],
    ['select case pg_sleep(1)::text when pg_sleep(2)::text then 1 end', '"pg_sleep"'],
    ['select array[pg_sleep(1)], row(pg_sleep(1)), (array[1])[pg_sleep(1)::text::int]', '"pg_sleep"'],
    ['select \'a\' collate "C" = pg_sleep(1)::text', '"pg_sleep"'],
    ['select 1::public.slow', 'type "public.slow"'],
    ['select cast(1 as slow)', 'type "slow"'],
    ["select '<a/>'::xml", 'type "xml"'],
    ["select slow '1'", 'type "slow"'],
    ["select json_value('1', '$' returning slow)", 'type "slow"'],
    ["select * from json_to_record('{}') as x(a slow)", 'type "slow"'],
    ["select * from json_table('[]', '$' columns (a slow path '$'))", 'type "slow"'],
    ['select 1 operator(public.+) 2', 'operator "public.+"'],
    ['select 1 order by 1 using operator(public.<)', 'operator "public.<"'],
    ['select 1 = any (select 2) or 1 operator(public.=) any (select 2)', 'operator "public.="'],
    ["select set_config('role', 'postgres', false)", '"set_config"'],
    ["select setval('a', 1), nextval('a'), currval('a'), lastval()", 'al"'],
    ['select pg_advisory_lock(1)', '"pg_advisory_lock"'],
    ['select pg_try_advisory_xact_lock(1)', '"pg_try_advisory_xact_lock"'],
    ['select pg_terminate_backend(1)', '"pg_terminate_backend"'],
    ["select pg_notify('a', 'b')", '"pg_notify"'],
    ["select pg_read_file('/etc/passwd')", '"pg_read_file"'],
    ["select lo_import('/etc/passwd')", '"lo_import"'],
    ["select * from dblink('', '') as t(a int)", '"dblink"'],
    ["select query_to_xml('select pg_sleep(1)', true, true, '')", '"query_to_xml"'],
    ["select * from ts_stat('select pg_sleep(1)')", '"ts_stat"'],
    ['select * from pg_locks', '"pg_locks"'],
    ['select * from pg_catalog.pg_stat_activity', '"pg_catalog.pg_stat_activity"'],
    ['select * from "pg_settings"', '"pg_settings"'],
    ['select * from pg_toast.pg_toast_1', '"pg_toast.pg_toast_1"'],
    ['select * from qicore_stream.chunks', '"qicore_stream.chunks"'],
    ['select * into taken from trades', 'INTO'],
    ['select * into temp taken from trades', 'INTO'],
    ['with a as (delete from trades returning *) select * from a', 'DELETE'],
    ['with a as (insert into trades default values returning *) select * from a', 'INSERT'],
    ['with a as (update trades set price = 1 returning *) select * from a', 'UPDATE'],
    ['select * from trades for update', 'FOR UPDATE'],
    ['select * from (select * from trades for share) a', 'FOR UPDATE'],
    ['select $1', 'parameter'],
    ['explain analyze select 1', 'Explain'],
    ['explain select 1', 'Explain'],
    ["copy trades to program 'true'", 'Copy'],
    ['do $$ begin end $$', 'Do'],
    ['set role postgres', 'VariableSet'],
    ['commit', 'Transaction'],
    ['lock table trades', 'Lock'],
    ['listen a', 'Listen'],
    ['notify a', 'Notify'],
    ['call a()', 'Call'],
    ['execute a', 'Execute'],
    ['fetch 1 from answer', 'Fetch'],
    ['create table a as select 1', 'CreateTableAs'],
    ['delete from trades', 'DELETE'],
  ])('refuses: %s', async (sql, named) => {
    const told = await refusal(sql)
    expect(told).toMatch(/^FORBIDDEN sql/)
    expect(told.toLowerCase()).toContain(named.toLowerCase())
  })

  test.each<[string, string]>([
    ['', '0 statements'],
    [';', '0 statements'],
    ['select 1; select 2', '2 statements'],
    ['select 1; commit; select 2', '3 statements'],
    ['select 1) as a(b); delete from trades; select * from (select 1', 'syntax error'],
    ['select 1) as a union all select 2 from (select 1', 'syntax error'],
    ['select "', 'unterminated'],
    ['select pg_/**/sleep(1)', 'syntax error'],
    ['select 1 /*', 'unterminated'],
    ['selec 1', 'syntax error at or near "selec"'],
    ['select \0', 'NUL'],
    [`select ${'1+'.repeat(5000)}1`, 'at most 10000'],
    [`select ${'(select '.repeat(100)}1${')'.repeat(100)}`, 'nested too deeply'],
    [`select ${'lower('.repeat(1400)}1${')'.repeat(1400)}`, 'nested too deeply'],
    [`select ${'not '.repeat(2000)}true`, 'nested too deeply'],
    [`select 1${'::int'.repeat(1900)}`, 'nested too deeply'],
  ])('number %#, which is none', async (sql, why) => {
    const told = await refusal(sql)
    expect(told).toMatch(/^BAD_REQUEST sql/)
    expect(told).toContain(why)
  })

  test('is refused with a caret under the position, counted in characters', async () => {
    expect(await refusal("select 'é𝄞',\n  pg_sleep(1)")).toBe(
      `FORBIDDEN sql, line 2, column 3: function "pg_sleep" is not allowed; there are functions for aggregates, windows, mathematics, text, times, JSON, arrays and ranges\n  pg_sleep(1)\n  ^`,
    )
    expect(await refusal("select 'é𝄞', nope nope nope")).toMatch(/^BAD_REQUEST sql, line 1, column 24: .*\n.*\n {23}\^$/)
  })

  test('a name after a point is passed on, since it may call a function', async () => {
    for (const sql of [
      'select (1.0).pg_sleep',
      'select x.pg_sleep from sin(1.0) x',
      'select 1 from sin(1.0) x order by x."pg_sleep"',
      'select (row(1)).pg_sleep.price',
      'select (array[1.0])[1].pg_sleep',
    ])
      expect((await checkStatement(sql)).attributes.map(({ name }) => name)).toContain('pg_sleep')
  })
})
