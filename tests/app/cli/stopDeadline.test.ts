import { execFileSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openEmbeddedPostgres } from '../../../lib/src/base/database/index.ts'
import { startPlatform } from '../../support/platformProcess.ts'
import { temporary } from '../../support/temporary.ts'

/** Sends a signal to the server of a data folder and all its processes. */
async function signal(dataFolder: string, name: 'STOP' | 'CONT'): Promise<void> {
  const [pid] = (await readFile(join(dataFolder, 'postmaster.pid'), 'utf8')).split('\n')
  for (const whose of [
    ['-P', String(pid)],
    ['-g', String(pid)],
  ])
    try {
      execFileSync('pkill', [`-${name}`, ...whose])
    } catch {
      // No such process.
    }
}

test.skipIf(process.platform !== 'linux')(
  'SIGTERM ends the platform within the deadline while the database does not answer',
  async () => {
    const folder = await temporary('stop')
    const home = join(folder, '.qicore')
    const platform = await startPlatform(folder, { QICORE_SOURCES: 'simulated', QICORE_HOME: home })
    const { dataFolder } = JSON.parse(await readFile(join(home, 'postgres.json'), 'utf8')) as { dataFolder: string }
    onTestFinished(async () => {
      await signal(dataFolder, 'CONT')
      await platform.kill9()
      const server = await openEmbeddedPostgres({ home })
      await server.close()
    })
    await signal(dataFolder, 'STOP')
    const began = performance.now()
    await platform.stop()
    expect(performance.now() - began).toBeLessThan(40_000)
    expect(platform.output()).toContain('database connections are cut')
  },
)
