import { expect, onTestFinished, test } from 'vitest'
import { openStore } from '../../lib/src/base/database/index.ts'
import { makeProject } from '../app/cli/project.ts'
import { document, qicore, type StartOptions, up } from '../app/cli/qicore.ts'
import { until } from '../support/until.ts'

interface GapRow {
  readonly coin_id: string
  readonly from: string
  readonly to: string
  readonly reason: string
  readonly fillable: boolean
}

const ASKED = ['bitcoin', '--type', 'price', '--json']
const gaps = async (options: StartOptions): Promise<readonly GapRow[]> =>
  document<{ items: readonly GapRow[] }>(await qicore(['gaps', ...ASKED], options)).items

async function latest(options: StartOptions): Promise<number> {
  const { items } = document<{ items: readonly { time: string }[] }>(
    await qicore(['query', 'latest', 'bitcoin', '--json'], options),
  )
  return Date.parse(items[0]?.time ?? '')
}

/** When the longest silence of all prices began, in seconds. */
async function silentSince(home: string): Promise<number> {
  await using store = await openStore({ home })
  const { rows } = await store.pool.query<{ since: number }>(
    `select extract(epoch from time)::int as since from
       (select time, lead(time) over (order by time) - time as silence from crypto_prices where coin_id = 'bitcoin') prices
     order by silence desc nulls last limit 1`,
  )
  return rows[0]?.since ?? 0
}

test('a stopped platform leaves a gap, which is listed with its reason and filled while the platform runs', async () => {
  const project = await makeProject('stopped', 'sources: { simulated: { interval_ms: 1000, coins: [bitcoin] } }\n')
  onTestFinished(() => project[Symbol.asyncDispose]())
  const options = { cwd: project.cwd, env: { QICORE_SOURCES: 'simulated' } }
  const first = await up(options)
  await until(async () => (await latest(options)) > 0, 'prices')
  // Killed: nobody says that it ends.
  first.process.signal('SIGKILL')
  await first.process.ended
  const stoppedAt = await latest(options)
  await until(() => Date.now() > stoppedAt + 5000, 'a silence that counts')

  const second = await up(options)
  // Records in the log at the kill are stored too: the gap begins after them.
  await until(async () => (await latest(options)) > stoppedAt + 5000, 'prices again')
  const [gap] = await gaps(options)
  expect(gap).toMatchObject({ coin_id: 'bitcoin', reason: 'stopped', fillable: true })
  expect(Math.floor(Date.parse(gap?.from ?? '') / 1000)).toBe(await silentSince(project.home))

  const done = (await qicore(['backfill', '--gaps', ...ASKED.slice(0, 3), '--json'], options)).stdout.trim().split('\n').at(-1)
  expect(JSON.parse(done ?? '')).toMatchObject({ event: 'done', failures: [], empty: [] })
  const { body } = await fetch(`${second.url}/api/v1/coverage?coins=bitcoin&type=price`).then(async (response) => ({
    body: (await response.json()) as { items: readonly { first: string; held: readonly { from: string }[] }[] },
  }))
  expect(body.items[0]?.held[0]?.from).toBe(body.items[0]?.first)
  expect((await second.stop()).code).toBe(0)
  expect(await gaps(options)).toEqual([])
})
