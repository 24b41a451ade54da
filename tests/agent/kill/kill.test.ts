import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { createPool } from '../../../lib/src/base/database/index.ts'
import { testDatabase } from '../../support/database.ts'
import { until } from '../../support/until.ts'
import { PATHS, PAYMENTS } from './ledger.ts'
import { Worker } from './workerProcess.ts'

const { url } = await testDatabase()
const pool = createPool(url)
afterAll(() => pool.end())
await pool.query('create table ledger (run text, path text, amount numeric)')
beforeEach(() => pool.query('truncate ledger'))

const amounts = Array.from({ length: PAYMENTS }, (_, i) => i + 1)
const total = amounts.reduce((sum, amount) => sum + amount, 0)

const linesOf = async (run: string): Promise<readonly string[]> =>
  (await pool.query<{ path: string }>('select path from ledger where run = $1', [run])).rows.map(({ path }) => path).sort()

const hasEnded = async (run: string) => {
  const { rowCount } = await pool.query("select from dbos.workflow_status where workflow_uuid = $1 and status = 'SUCCESS'", [run])
  return rowCount === 1
}

/** Each path once: nothing is left out, nothing is done twice. */
async function expectWhole(run: string): Promise<void> {
  await until(() => hasEnded(run), `${run} to end`)
  expect(await linesOf(run)).toEqual([...PATHS].sort())
  const { rows } = await pool.query("select amount::int from ledger where run = $1 and path = 'close'", [run])
  expect(rows).toEqual([{ amount: total }])
}

describe('a process killed in the middle of a durable workflow', () => {
  test.for(['open', 'each[1]/pay', 'each[2]/receipt', 'sides/right/note', 'close'])(
    'between the effect of %s and its being kept, leaves it to the next, which does nothing twice',
    async (path) => {
      const run = `killed-at-${path.replaceAll(/\W+/g, '-')}`
      {
        await using first = await Worker.start(url, path)
        first.order({ id: run, amounts })
        await first.told((told) => told.kind === 'held')
        await first.kill()
      }
      expect(await linesOf(run)).toContain(path)
      await using _second = await Worker.start(url)
      await expectWhole(run)
    },
  )

  test('again and again at any step, ends once', async () => {
    const run = 'killed-often'
    const left = new Set(PATHS)
    for (let kills = 0; kills < 6 && left.size > 0; kills++) {
      const [path] = [...left]
      await using worker = await Worker.start(url, path)
      worker.order({ id: run, amounts })
      await worker.told((told) => told.kind === 'held')
      for (const line of await linesOf(run)) left.delete(line)
    }
    await using last = await Worker.start(url)
    last.order({ id: run, amounts })
    expect(await last.told((told) => told.kind === 'ended')).toMatchObject({ id: run, result: { total } })
    await expectWhole(run)
  })
})

describe('two processes on one store', () => {
  test('of which one is killed: the other resumes its runs, and each effect happens once', async () => {
    await using first = await Worker.start(url, 'each[3]/pay')
    await using second = await Worker.start(url)
    const runs = ['a', 'b', 'c'].map((name) => `of-two-${name}`)
    for (const id of runs) first.order({ id, amounts })
    const own = 'of-two-own'
    second.order({ id: own, amounts })
    await first.told((told) => told.kind === 'held')
    await first.kill()
    for (const run of [...runs, own]) await expectWhole(run)
    expect(await second.told((told) => told.kind === 'ended')).toMatchObject({ id: own })
  })
})
