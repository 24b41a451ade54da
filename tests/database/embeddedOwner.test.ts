import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { expect, it, onTestFinished } from 'vitest'
import { ControlConnection, type EmbeddedPostgres, openEmbeddedPostgres, openStore } from '../../lib/src/base/database/index.ts'
import { ensureServerRole } from '../../lib/src/mcp-launchers/postgres/readerRole.ts'
import { openEmbeddedStream } from '../../lib/src/streaming/embedded/index.ts'
import { temporary } from '../support/temporary.ts'

async function open(home: string): Promise<EmbeddedPostgres> {
  const server = await openEmbeddedPostgres({ home })
  onTestFinished(() => server.close())
  return server
}

async function rows(url: string, sql: string): Promise<readonly Record<string, unknown>[]> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}

it('works as the owner of its database, not a superuser; only the set-up runs as superuser', async () => {
  const server = await open(join(await temporary('home'), '.qicore'))
  expect(
    await rows(
      server.url,
      'select rolsuper, rolcreaterole, rolcreatedb, rolreplication from pg_roles where rolname = current_user',
    ),
  ).toEqual([{ rolsuper: false, rolcreaterole: true, rolcreatedb: false, rolreplication: false }])
  for (const sql of [
    "select pg_read_file('/etc/passwd')",
    "copy (select 1) to program 'id'",
    'alter system set work_mem = 64',
    'create extension dblink',
    'set role qicore',
    'alter role current_user superuser',
  ])
    await expect(rows(server.url, sql), sql).rejects.toMatchObject({ code: '42501' })
  await rows(server.url, 'create table own (n int); create role qicore_of_the_owner; checkpoint')
  expect(
    await server.asSuperuser(
      async (client) => (await client.query('select rolsuper from pg_roles where rolname = current_user')).rows,
    ),
  ).toEqual([{ rolsuper: true }])
  await expect(server.asSuperuser((client) => client.query('select broken'))).rejects.toMatchObject({ name: 'QiError' })
})

it('is enough for the store, its log and the roles of readers, at each start', async () => {
  const home = join(await temporary('home'), '.qicore')
  for (let start = 0; start < 2; start++) {
    await using store = await openStore({ home })
    expect(await store.check()).toMatchObject({ ok: true })
    await using stream = await openEmbeddedStream({ url: () => store.url })
    expect(await stream.check()).toMatchObject({ ok: true })
    const limits = { limit: 1, offset: 0, room: 1000, width: 100, timeoutMs: 5000 }
    expect((await store.sql.read('select count(*) from trades', limits)).rows).toEqual([[0]])
    await using control = new ControlConnection(() => store.url)
    const { url } = await ensureServerRole(store.url, control, store.embedded)
    expect(await rows(url, 'select count(*)::int as n from trades')).toEqual([{ n: 0 }])
  }
})

it('takes over a database that belongs to the superuser, with everything in it', async () => {
  const home = join(await temporary('home'), '.qicore')
  const old = await openEmbeddedPostgres({ home })
  await old.asSuperuser(async (client) => {
    await client.query(`alter database qicore owner to qicore; drop owned by qicore_owner; drop role qicore_owner`)
    await client.query(`create table kept (id serial primary key, answer int); insert into kept (answer) values (42);
      create schema "Other one"; create sequence "Other one".numbers; create type "Other one".colour as enum ('red');
      create view kept_view as select * from kept; create materialized view kept_copy as select * from kept;
      create function kept_answer() returns int language sql as 'select answer from kept';
      create role qicore_reader_old; grant select on kept to qicore_reader_old`)
  })
  await old.close()
  await rm(join(home, 'postgres.owner.password'))

  const server = await open(home)
  expect(await rows(server.url, 'select answer, kept_answer() from kept')).toEqual([{ answer: 42, kept_answer: 42 }])
  expect(
    await rows(
      server.url,
      `select distinct owner::regrole::text from (select relowner as owner from pg_class where relnamespace in ('public'::regnamespace, '"Other one"'::regnamespace)
         union all select nspowner from pg_namespace where nspname = 'Other one' union all select datdba from pg_database where datname = 'qicore'
         union all select proowner from pg_proc where proname = 'kept_answer' union all select typowner from pg_type where typname = 'colour') o`,
    ),
  ).toEqual([{ owner: 'qicore_owner' }])
  await rows(
    server.url,
    `alter table kept add column more text; drop view kept_view; refresh materialized view kept_copy;
    alter role qicore_reader_old connection limit 3; drop schema "Other one" cascade`,
  )
  await server.close()
  expect(await rows((await open(home)).url, 'select count(*)::int as n from kept')).toEqual([{ n: 1 }])
})
