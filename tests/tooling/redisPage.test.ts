import { execFile } from 'node:child_process'
import { chmod, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll } from 'vitest'
import { Running } from '../app/cli/qicore.ts'
import { testDatabase } from '../support/database.ts'
import { startRedis } from '../support/redis.ts'
import { describeWith, hasService } from '../support/services.ts'
import { until } from '../support/until.ts'
import { followPage, readPage } from './page.ts'

const bash = promisify(execFile)
const { url } = await testDatabase()
const page = await readPage('redis.md')
const server = hasService('redis') ? await startRedis() : undefined
const cwd = await mkdtemp(join(tmpdir(), 'qicore-redis-page-'))
await chmod(cwd, 0o755)
// Where the reader of the page finds its package.
await symlink(resolve(import.meta.dirname, '../../node_modules'), join(cwd, 'node_modules'))
afterAll(async () => {
  await server?.stop()
  await rm(cwd, { recursive: true, force: true })
})

/** Until the last record of the file is there. */
async function up(): Promise<string> {
  const running = new Running(['up', '--port', '0'], { cwd, env: { DATABASE_URL: url } })
  const client = await server?.client()
  const kept = async () => (await client?.hGet('qicore:price:my-file:bitcoin:usd', 'd'))?.includes('12:01:00')
  await Promise.race([until(kept, 'the latest price'), running.ended])
  running.signal('SIGINT')
  const { stdout, stderr } = await running.ended
  return `${stdout}${stderr}`
}

describeWith('redis', 'the page about Redis', () => {
  const port = String(server?.port)
  followPage('redis.md', page.replaceAll('127.0.0.1:6379', `127.0.0.1:${port}`), {
    cwd,
    run: async (command) => {
      if (command === 'npx qicore up') return up()
      const { stdout } = await bash('bash', ['-euc', command.replace(/^redis-cli/, `redis-cli -p ${port}`)], { cwd })
      return stdout
    },
  })
})
