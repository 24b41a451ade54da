import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openStore, type Store } from '../../lib/src/base/database/index.ts'
import { makeProject } from '../app/cli/project.ts'
import { qicore, Running } from '../app/cli/qicore.ts'
import { testDatabase } from '../support/database.ts'
import { until } from '../support/until.ts'
import { textRows } from './importing.ts'

const { url } = await testDatabase()
let store: Store
beforeAll(async () => {
  store = await openStore({ databaseUrl: url, home: '/nowhere' })
})
afterAll(() => store.close())

const ROWS = 130_000

test('killed in the middle, the same command goes on from its row: nothing is missed, nothing is doubled', async () => {
  await using project = await makeProject('import')
  const rows = Array.from(
    { length: ROWS },
    (_, i) => `${i + 1},${60_000 + (i % 997)}.50,0.00${1 + (i % 9)},1,${1_723_075_200_000 + Math.floor(i / 3)},True,True\n`,
  )
  writeFileSync(join(project.cwd, 'KILUSDT-trades-2024-08-08.csv'), rows.join(''))
  const args = ['import', '.', '--format', 'binance-vision', '--coin', 'KIL/USDT', '--json']
  const options = { cwd: project.cwd, env: { DATABASE_URL: url } }
  const first = new Running(args, options)
  const next = async () => {
    const found = await textRows(
      store.pool,
      "select coalesce(max(next), 0)::text as next from pg_catalog.pg_tables left join file_imports on tablename = 'file_imports' where tablename = 'file_imports'",
    ).catch(() => [])
    return Number(found[0]?.next ?? 0)
  }
  await until(async () => (await next()) > 50_000, 'a piece that is stored')
  first.signal('SIGKILL')
  await first.ended
  const second = await qicore(args, options)
  expect(second.code).toBe(0)
  const done = JSON.parse(second.stdout.trim().split('\n').at(-1) as string) as { event: string; read: number; refused: number }
  expect(done).toMatchObject({ event: 'done', refused: 0 })
  expect(done.read).toBeGreaterThan(0)
  expect(done.read).toBeLessThan(ROWS - 40_000)
  const sql =
    "select count(*)::text as n, count(distinct trade_id)::text as ids, min(sequence)::text as first, max(sequence)::text as last from trades where coin_id = 'KIL/USDT'"
  expect(await textRows(store.pool, sql)).toEqual([{ n: String(ROWS), ids: String(ROWS), first: '1', last: String(ROWS) }])
  const gaps = await qicore(['gaps', 'KIL/USDT', '--json'], options)
  expect(gaps.stdout).not.toContain('"missing"')
})
