import { expect, test } from 'vitest'
import { checkStatement, createPool } from '../../../lib/src/base/database/index.ts'
import { ALLOWED_FUNCTIONS } from '../../../lib/src/base/database/readOnly/allowed/functions.ts'
import { testDatabase } from '../../support/database.ts'

/** Allowed although they are volatile. */
const CHANCE_AND_CLOCK = [
  'clock_timestamp',
  'timeofday',
  'random',
  'random_normal',
  'gen_random_uuid',
  'uuidv4',
  'uuidv7',
  'array_sample',
  'array_shuffle',
]

/** Functions of TimescaleDB, of the grammar only, or of other versions of PostgreSQL. */
const ELSEWHERE = [
  'approximate_row_count',
  'first',
  'histogram',
  'interpolate',
  'last',
  'locf',
  'time_bucket',
  'time_bucket_gapfill',
  'coalesce',
  'greatest',
  'least',
  'localtime',
  'localtimestamp',
  'current_catalog',
  'current_role',
  'user',
]

test('each function of the server is on the list, or refused in every spelling', async () => {
  const { url } = await testDatabase('embedded')
  const pool = createPool(url, { max: 1 })
  const { rows } = await pool
    .query<{ name: string; volatile: boolean }>(
      `select proname as name, bool_or(provolatile = 'v') as volatile from pg_proc group by 1 order by 1`,
    )
    .finally(() => pool.end())
  expect(rows.length).toBeGreaterThan(2000)
  for (const { name } of rows) {
    const call = checkStatement(`select * from (select pg_catalog."${name}"(1)) a`)
    if (ALLOWED_FUNCTIONS.has(name)) await call
    else await expect(call, name).rejects.toMatchObject({ code: 'FORBIDDEN', message: expect.stringContaining(name) })
  }
  const listed = rows.filter(({ name }) => ALLOWED_FUNCTIONS.has(name))
  expect(listed.filter(({ volatile }) => volatile).map(({ name }) => name)).toEqual(
    CHANCE_AND_CLOCK.filter((name) => listed.some((row) => row.name === name)).sort(),
  )
  const known = new Set([...rows.map(({ name }) => name), ...ELSEWHERE])
  expect([...ALLOWED_FUNCTIONS].filter((name) => !known.has(name))).toEqual([])
})
