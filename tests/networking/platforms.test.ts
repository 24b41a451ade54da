import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createPool } from '../../lib/src/base/database/index.ts'
import { startCoinGeckoServer } from '../support/coingeckoServer.ts'
import { createDatabase } from '../support/database.ts'
import { startPlatform } from '../support/platformProcess.ts'
import { describeWith } from '../support/services.ts'
import { temporary } from '../support/temporary.ts'
import { until } from '../support/until.ts'

const KEY = 'CG-one-key-for-two'

describeWith('recorded-data', 'two platforms on one database', () => {
  test('share the limit of their key: what one used up the other waits for', async () => {
    const database = await createDatabase()
    onTestFinished(database.drop)
    const server = await startCoinGeckoServer()
    onTestFinished(() => server.close())
    const start = async (name: string) => {
      const project = join(await temporary('sharing'), name)
      await mkdir(project)
      await writeFile(join(project, 'qicore.yaml'), 'coingecko:\n  calls_per_minute: 3\n  calls_per_month: 1000000\n')
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
    const platforms = [await start('one'), await start('two')]
    const pool = createPool(database.url, { max: 1 })
    onTestFinished(() => pool.end())
    const waiting = await until(async () => {
      const { rows } = await pool.query<{ waiting: number; granted: number }>(`select
        count(*) filter (where granted_at > clock_timestamp())::int as waiting,
        count(*) filter (where granted_at <= clock_timestamp())::int as granted from network_grants`)
      return rows[0]?.waiting === 2 && rows[0]
    }, 'both to wait for a call')
    expect(waiting).toEqual({ waiting: 2, granted: 3 })
    expect(server.asked.length).toBeLessThanOrEqual(3)
    expect(server.asked.every(({ headers }) => headers['x-cg-demo-api-key'] === KEY)).toBe(true)
    expect(await Promise.all(platforms.map((platform) => platform.stop()))).toEqual([0, 0])
    // Who stops gives back the place it had in the line.
    const { rows } = await pool.query('select count(*)::int as waiting from network_grants where granted_at > clock_timestamp()')
    expect(rows).toEqual([{ waiting: 0 }])
  })
})
