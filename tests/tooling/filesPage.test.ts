import { execFile } from 'node:child_process'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll } from 'vitest'
import { qicore, Running } from '../app/cli/qicore.ts'
import { testDatabase } from '../support/database.ts'
import { segmentFiles } from '../support/segmentFiles.ts'
import { until } from '../support/until.ts'
import { followPage, readPage } from './page.ts'

const bash = promisify(execFile)
const { url } = await testDatabase()
const page = await readPage('files.md')
const cwd = await mkdtemp(join(tmpdir(), 'qicore-files-'))
await chmod(cwd, 0o755)
afterAll(() => rm(cwd, { recursive: true, force: true }))

/** Until there are files of both days in a folder that was not there before. */
async function up(folder: string): Promise<string> {
  const running = new Running(['up', '--port', '0'], { cwd, env: { DATABASE_URL: url } })
  const root = join(cwd, '.qicore', folder)
  await Promise.race([until(async () => (await segmentFiles(root)).length === 2, `two files in ${folder}`), running.ended])
  running.signal('SIGINT')
  const { stdout, stderr } = await running.ended
  return `${stdout}${stderr}`
}

const folders = ['lake', 'columns']
followPage('files.md', page, {
  cwd,
  run: async (command) => {
    if (command === 'npx qicore up') return up(folders.shift() as string)
    if (!command.startsWith('npx qicore ')) return (await bash('bash', ['-euc', command], { cwd })).stdout
    const { stdout, stderr } = await qicore(command.split(' ').slice(2), { cwd, env: { DATABASE_URL: url } })
    return `${stdout}${stderr}`
  },
})
