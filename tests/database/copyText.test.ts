import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type CopiedText, copyText, FRAME_HEAD, nextLine } from '../../lib/src/base/database/history/copyText.ts'
import { testDatabase } from '../support/database.ts'

const { url } = await testDatabase()
const client = new pg.Client(url)
beforeAll(() => client.connect())
afterAll(() => client.end())

const copied = (statement: string, bytes = 16) => copyText(client, statement, Buffer.alloc(bytes))

function linesOf({ bytes, rows }: CopiedText): string[] {
  const lines: string[] = []
  for (let row = 0, at = FRAME_HEAD; row < rows; row++) {
    const next = nextLine(bytes, at)
    lines.push(bytes.toString('utf8', at, next - FRAME_HEAD))
    at = next
  }
  return lines
}

test('lines of any length come whole and in order, also where the head of a message looks like a newline', async () => {
  // 4 bytes of the length, the text and a newline: 5 characters make the length 10, and 261 make it 266.
  const lengths = [0, 5, 261, 70_000, 5, 1]
  const taken = await copied(
    `copy (select repeat('x', n) from unnest(array[${lengths}]) with ordinality as t (n, i) order by i) to stdout`,
  )
  expect(linesOf(taken)).toEqual(lengths.map((n) => `${'x'.repeat(n)}\n`))
  expect(taken.bytes.toString('utf8', taken.last)).toBe('x\n')
})

test('no row at all', async () => {
  expect(await copied('copy (select 1 where false) to stdout')).toMatchObject({ rows: 0, bytes: Buffer.alloc(0) })
})

test('an error behind some rows is reported, and the connection serves the next statement', async () => {
  await expect(copied('copy (select 1 / (5000 - n) from generate_series(1, 10000) as n) to stdout')).rejects.toMatchObject({
    code: '22012',
  })
  expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }])
  expect((await copied('copy (select 1) to stdout')).rows).toBe(1)
})

test('notices between the rows reach their listeners', async () => {
  await client.query(`create function pg_temp.noted(n integer) returns integer language plpgsql as $$
    begin if n % 1000 = 0 then raise notice 'row %', n; end if; return n; end $$`)
  const notices: (string | undefined)[] = []
  client.on('notice', ({ message }) => notices.push(message))
  const taken = await copied('copy (select pg_temp.noted(n) from generate_series(1, 3000) as n) to stdout')
  expect(linesOf(taken)).toEqual(Array.from({ length: 3000 }, (_, i) => `${i + 1}\n`))
  expect(notices).toEqual(['row 1000', 'row 2000', 'row 3000'])
})

test('a connection that is cut behind some rows is an error', async () => {
  const cut = new pg.Client(url)
  await cut.connect()
  cut.on('error', () => {}) // reported by the statement
  const { rows } = await cut.query('select pg_backend_pid() as pid')
  const slow =
    'copy (select n, pg_sleep(case when n % 1000 = 0 then 0.05 else 0 end) from generate_series(1, 1000000) as n) to stdout'
  const failing = expect(copyText(cut, slow, Buffer.alloc(16))).rejects.toThrow()
  await client.query('select pg_terminate_backend($1)', [rows[0].pid])
  await failing
})
