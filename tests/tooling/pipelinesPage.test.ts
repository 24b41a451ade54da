import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, describe, expect, test } from 'vitest'
import { qicore } from '../app/cli/qicore.ts'
import { testDatabase } from '../support/database.ts'

const bash = promisify(execFile)
const { url } = await testDatabase()
const page = await readFile(resolve(import.meta.dirname, '../../docs/pipelines.md'), 'utf8')
const cwd = await mkdtemp(join(tmpdir(), 'qicore-pipelines-page-'))
await writeFile(join(cwd, 'qicore.yaml'), 'sources: [none]\n')
afterAll(() => rm(cwd, { recursive: true, force: true }))

/** Only the check of a wrong file may end otherwise. */
async function said(command: string): Promise<string> {
  const [, args] = /^npx qicore (.+)$/.exec(command) ?? []
  if (args === undefined) return (await bash('bash', ['-euc', command], { cwd })).stdout
  const { code, stdout, stderr } = await qicore(args.split(' '), { cwd, env: { DATABASE_URL: url } })
  expect(code, `${command}: ${stdout}${stderr}`).toBe(args.includes('wrong.yaml') ? 2 : 0)
  return `${stdout}${stderr}`
}

/** The page, done literally: its files written, its commands run, each line that it shows printed. */
describe('docs/pipelines.md', { shuffle: false }, () => {
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
