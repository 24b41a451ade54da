import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createPool } from '../../lib/src/base/database/index.ts'
import { startCoinGeckoServer } from '../support/coingeckoServer.ts'
import { createDatabase } from '../support/database.ts'
import { startPlatform } from '../support/platformProcess.ts'
import { describeWith } from '../support/services.ts'
import { mostInWindow } from '../support/slidingWindow.ts'
import { temporary } from '../support/temporary.ts'
import { until } from '../support/until.ts'

const KEY = 'CG-one-key-for-two'
/** Calls a minute: of what each asks at its start less than one has done when a busy machine has the other running. */
const LIMIT = 1

describeWith('recorded-data', 'two platforms on one database', () => {
  test('share the limit of their key: what one used up the other waits for', async () => {
    const database = await createDatabase()
    onTestFinished(database.drop)
    const calls: { readonly at: number; readonly weight: 1 }[] = []
    const server = await startCoinGeckoServer({
      answer: () => {
        calls.push({ at: performance.now(), weight: 1 })
        return undefined // the recordings know
      },
    })
    onTestFinished(() => server.close())
    const start = async (name: string) => {
      const project = join(await temporary('sharing'), name)
      await mkdir(project)
      await writeFile(
        join(project, 'qicore.yaml'),
        `sources: { coingecko: { calls_per_minute: ${LIMIT}, calls_per_month: 1000000 } }\n`,
      )
      const env = {
        DATABASE_URL: database.url,
        COINGECKO_BASE_URL: server.url,
        COINGECKO_API_KEY: KEY,
        QICORE_SOURCES: 'coingecko',
      }
      const platform = await startPlatform(project, env)
      onTestFinished(() => platform.kill9())
      return platform
    }
    const platforms = await Promise.all([start('one'), start('two')])
    const pool = createPool(database.url, { max: 1 })
    onTestFinished(() => pool.end())
    await until(async () => {
      const { rows } = await pool.query<{ waiting: number; granted: number }>(`select
        count(*) filter (where granted_at > now())::int as waiting,
        count(*) filter (where granted_at <= now() and granted_at > now() - interval '61 s')::int as granted from network_grants`)
      return rows[0]?.waiting === 2 && rows[0].granted === LIMIT
    }, 'both to wait for a call while all are used up')
    // On a busy machine it takes more than a minute until both run; a call may be on its way for some seconds.
    expect(mostInWindow(calls, 55_000)).toBeLessThanOrEqual(LIMIT)
    expect(server.asked.every(({ headers }) => headers['x-cg-demo-api-key'] === KEY)).toBe(true)
    expect(await Promise.all(platforms.map((platform) => platform.stop()))).toEqual([0, 0])
    // A stopped process gives up its place in the queue.
    const { rows } = await pool.query('select count(*)::int as waiting from network_grants where granted_at > clock_timestamp()')
    expect(rows).toEqual([{ waiting: 0 }])
  })
})
