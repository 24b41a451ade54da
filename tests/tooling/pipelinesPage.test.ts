import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, expect } from 'vitest'
import { qicore } from '../app/cli/qicore.ts'
import { testDatabase } from '../support/database.ts'
import { followPage, readPage } from './page.ts'

const bash = promisify(execFile)
const { url } = await testDatabase()
const page = await readPage('pipelines.md')
const cwd = await mkdtemp(join(tmpdir(), 'qicore-pipelines-page-'))
await writeFile(join(cwd, 'qicore.yaml'), 'sources: { run: [] }\n')
afterAll(() => rm(cwd, { recursive: true, force: true }))

/** Only the check of a wrong file may end otherwise. */
async function said(command: string): Promise<string> {
  const [, args] = /^npx qicore (.+)$/.exec(command) ?? []
  if (args === undefined) return (await bash('bash', ['-euc', command], { cwd })).stdout
  const { code, stdout, stderr } = await qicore(args.split(' '), { cwd, env: { DATABASE_URL: url } })
  expect(code, `${command}: ${stdout}${stderr}`).toBe(args.includes('wrong.yaml') ? 2 : 0)
  return `${stdout}${stderr}`
}

followPage('pipelines.md', page, { cwd, run: said })
