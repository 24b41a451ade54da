import { execFile } from 'node:child_process'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll } from 'vitest'
import { Running } from '../app/cli/qicore.ts'
import { testDatabase } from '../support/database.ts'
import { followPage, readPage } from './page.ts'

const bash = promisify(execFile)
const { url } = await testDatabase()
const page = await readPage('importing-files.md')
const cwd = await mkdtemp(join(tmpdir(), 'qicore-importing-'))
await chmod(cwd, 0o755)
afterAll(() => rm(cwd, { recursive: true, force: true }))

/** Until the import has ended, and all of it is stored: what `up` prints up to its end. */
async function up(): Promise<string> {
  const running = new Running(['up', '--port', '0'], { cwd, env: { DATABASE_URL: url } })
  await Promise.race([running.line(/replay is finished|No source runs/), running.ended])
  running.signal('SIGINT')
  const { stdout, stderr } = await running.ended
  return `${stdout}${stderr}`
}

async function said(command: string): Promise<string> {
  if (command === 'npx qicore up') return up()
  const [, args] = /^npx qicore (.+)$/.exec(command) ?? []
  if (args === undefined) return (await bash('bash', ['-euc', command], { cwd })).stdout
  const { stdout, stderr } = await new Running(args.split(' '), { cwd, env: { DATABASE_URL: url } }).ended
  return `${stdout}${stderr}`
}

followPage('importing-files.md', page, { cwd, run: said })
