import { execFile } from 'node:child_process'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll } from 'vitest'
import { Running } from '../app/cli/qicore.ts'
import { startClickHouse } from '../support/clickhouse.ts'
import { testDatabase } from '../support/database.ts'
import { describeWith, hasService } from '../support/services.ts'
import { until } from '../support/until.ts'
import { followPage, readPage } from './page.ts'

const bash = promisify(execFile)
const { url } = await testDatabase()
const page = await readPage('clickhouse.md')
const server = hasService('clickhouse') ? await startClickHouse() : undefined
const cwd = await mkdtemp(join(tmpdir(), 'qicore-clickhouse-page-'))
await chmod(cwd, 0o755)
afterAll(async () => {
  await server?.stop()
  await rm(cwd, { recursive: true, force: true })
})

/** Until all rows of the file are there. */
async function up(): Promise<string> {
  const running = new Running(['up', '--port', '0'], { cwd, env: { DATABASE_URL: url } })
  const stored = async () => {
    const [found] = (await server?.sql<{ n: string }>('select count() as n from qicore_price_final format JSONEachRow')) ?? []
    return Number(found?.n) === 4
  }
  await Promise.race([until(stored, 'four rows'), running.ended])
  running.signal('SIGINT')
  const { stdout, stderr } = await running.ended
  return `${stdout}${stderr}`
}

describeWith('clickhouse', 'the page about ClickHouse', () => {
  followPage('clickhouse.md', page.replaceAll('http://127.0.0.1:8123', String(server?.url)), {
    cwd,
    run: async (command) => (command === 'npx qicore up' ? up() : (await bash('bash', ['-euc', command], { cwd })).stdout),
  })
})
