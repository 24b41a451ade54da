import { expect, onTestFinished, test } from 'vitest'
import { makeProject } from '../app/cli/project.ts'
import { document, qicore, up } from '../app/cli/qicore.ts'
import { createDatabase } from '../support/database.ts'
import { until } from '../support/until.ts'

/** Market time that nobody watches. */
const MISSED_MS = 4000

interface GapRow {
  readonly coin_id: string
  readonly reason: string
  readonly fillable: boolean
  readonly missing?: number
  readonly first_number?: number
  readonly last_number?: number
}

test('trades of the time when the platform was dead are missing by number, and exactly these are fetched', async () => {
  const database = await createDatabase()
  onTestFinished(database.drop)
  const project = await makeProject('killed-trades', 'sources: { simulated: { coins: [bitcoin], trade_ms: 100 } }\n')
  onTestFinished(() => project[Symbol.asyncDispose]())
  const options = { cwd: project.cwd, env: { QICORE_SOURCES: 'simulated', DATABASE_URL: database.url } }
  const gaps = async () =>
    document<{ items: readonly GapRow[] }>(await qicore(['gaps', '--type', 'trade', '--json'], options)).items
  const stored = async (url: string) => {
    const response = await fetch(`${url}/api/v1/coverage?type=trade`)
    return ((await response.json()) as { items: readonly { last: string; gaps: readonly GapRow[] }[] }).items[0]
  }
  const first = await up(options)
  await until(async () => (await stored(first.url))?.last !== undefined, 'trades')
  first.process.signal('SIGKILL')
  await first.process.ended
  // A start that comes at once misses nothing: its first tick has the trades of the seconds before.
  const killed = Date.now()
  await until(() => Date.now() > killed + MISSED_MS, 'the market to go on')
  const second = await up(options)
  const gap = await until(async () => (await stored(second.url))?.gaps.find(({ missing }) => missing !== undefined), 'the gap')
  expect(gap).toMatchObject({ reason: 'stopped', fillable: true })
  const { missing = 0, first_number: from = 0, last_number: to = 0 } = gap
  expect(missing).toBe(to - from + 1)
  expect(await gaps()).toMatchObject([{ coin_id: 'bitcoin', missing, first_number: from, last_number: to }])
  expect((await qicore(['gaps', '--type', 'trade'], options)).stdout).toMatch(
    new RegExp(`bitcoin .*trades .* ${missing} +stopped +yes`),
  )

  const fill = async () => {
    const { stdout } = await qicore(['backfill', '--gaps', '--type', 'trade', '--json'], options)
    return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Record<string, unknown>
  }
  expect(await fill()).toMatchObject({ event: 'done', records: missing, empty: [], failures: [] })
  expect((await stored(second.url))?.gaps).toEqual([])
  expect(await fill()).toMatchObject({ calls: 0, records: 0 })
  expect((await second.stop()).code).toBe(0)
})
