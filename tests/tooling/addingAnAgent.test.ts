import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, test } from 'vitest'
import { testDatabase } from '../support/database.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const run = promisify(execFile)
const { url } = await testDatabase()

interface Block {
  readonly language: string
  readonly file: string | undefined
  readonly text: string
}

function blocksOf(page: string): readonly Block[] {
  return [...page.matchAll(/^```(\w+)(?: file=(\S+))?\n([\s\S]*?)^```$/gm)].map(([, language, file, text]) => ({
    language: language as string,
    file,
    text: text as string,
  }))
}

/** What the page of how to add an agent says, done literally in a copy of the checkout. */
describe('docs/adding-an-agent.md', () => {
  let checkout: string
  let said = ''

  const inCheckout = async (command: string, ...args: string[]) => {
    const env = { ...process.env, NODE_OPTIONS: '', DATABASE_URL: url }
    const { stdout, stderr } = await run(command, args, { cwd: checkout, env })
    return `${stdout}${stderr}`
  }

  beforeAll(async () => {
    checkout = await mkdtemp(join(tmpdir(), 'qicore-agent-'))
    const { stdout } = await run('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: ROOT })
    for (const file of stdout.split('\0').filter((name) => name && !name.startsWith('tests/'))) {
      await mkdir(dirname(join(checkout, file)), { recursive: true })
      await cp(join(ROOT, file), join(checkout, file)).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error // deleted, and not committed yet
      })
    }
    await symlink(join(ROOT, 'node_modules'), join(checkout, 'node_modules'))
    for (const { language, file, text } of blocksOf(await readFile(join(checkout, 'docs/adding-an-agent.md'), 'utf8'))) {
      if (language === 'ts') await writeFile(join(checkout, file as string), text)
      else said += await inCheckout('bash', '-euc', text)
    }
  })

  test('gives an agent that is listed and works', () => {
    expect(said).toMatch(/^largest-move +no +Says which coin moved most within a day$/m)
    expect(said).toMatch(/nothing is known of any move/)
  })

  test('whose code keeps the rules of the house', async () => {
    const folder = 'lib/src/consumers/agents/largest-move'
    await inCheckout('npx', 'biome', 'check', folder)
    await inCheckout('npx', 'tsc', '--noEmit', '-p', '.')
    expect(await inCheckout('node', 'scripts/lint-imports.mjs')).toMatch(/all allowed/)
  })

  test('touches nothing but its folder and what is generated', async () => {
    const reference = await readFile(join(checkout, 'docs/reference/agents.md'), 'utf8')
    expect(reference).toContain('## largest-move')
    expect(reference).toContain('when it looks, in UTC')
  })
})
