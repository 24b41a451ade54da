import { execFile } from 'node:child_process'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, describe, expect, test } from 'vitest'
import { Running } from '../app/cli/qicore.ts'
import { testDatabase } from '../support/database.ts'

const bash = promisify(execFile)
const { url } = await testDatabase()
const page = await readFile(resolve(import.meta.dirname, '../../docs/importing-files.md'), 'utf8')
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

/** Each section of the page, done literally: its files written, its commands run, each line that it shows printed. */
describe('docs/importing-files.md', () => {
  const sections = page.split(/^## /m).slice(1)
  test.each(sections.map((section) => [section.split('\n', 1)[0] as string, section]))('%s', async (_, section) => {
    let output = ''
    for (const [, language, file, text = ''] of section.matchAll(/^```(\w+)(?: file=(\S+))?\n([\s\S]*?)^```$/gm)) {
      if (file !== undefined) await writeFile(join(cwd, file), text)
      else if (language === 'text') for (const line of text.trim().split('\n')) expect(output).toContain(line)
      else {
        output = ''
        for (const command of text.trim().split('\n')) output += await said(command)
      }
    }
  })
})
