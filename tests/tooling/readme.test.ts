import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, expect, test } from 'vitest'
import { MAIN, up } from '../app/cli/qicore.ts'
import { testDatabase } from '../support/database.ts'
import { until } from '../support/until.ts'
import { blocksOf } from './page.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const run = promisify(execFile)
const { url } = await testDatabase()
const readme = await readFile(join(ROOT, 'README.md'), 'utf8')
const blocks = blocksOf(readme)
const commands = blocks.filter(({ language }) => language === 'sh').flatMap(({ text }) => text.trim().split('\n'))

/** A project that has the package: `npx qicore` and `import 'qicore/…'` work in it. */
const cwd = await mkdtemp(join(tmpdir(), 'qicore-readme-'))
await mkdir(join(cwd, 'node_modules/.bin'), { recursive: true })
await writeFile(join(cwd, 'node_modules/.bin/qicore'), `#!/bin/sh\nexec '${process.execPath}' '${MAIN}' "$@"\n`, { mode: 0o755 })
await mkdir(join(cwd, 'node_modules/qicore'))
await symlink(join(ROOT, 'lib'), join(cwd, 'node_modules/qicore/lib'))
const exports = { './database': './lib/src/base/database/index.ts' }
await writeFile(join(cwd, 'node_modules/qicore/package.json'), JSON.stringify({ name: 'qicore', type: 'module', exports }))
await writeFile(join(cwd, 'package.json'), '{ "type": "module", "private": true }')

const env = { DATABASE_URL: url, QICORE_SOURCES: 'simulated' }
const platform = await up({ cwd, env })
afterAll(() => platform.stop())

const inProject = async (command: string) => {
  const { stdout, stderr } = await run('bash', ['-euc', command], { cwd, env: { ...process.env, NODE_OPTIONS: '', ...env } })
  return `${stdout}${stderr}`
}

test('it begins with the command that the checkout has for it', async () => {
  const { scripts } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { scripts: Record<string, string> }
  expect(commands[0]).toBe('npm start')
  expect(scripts.start).toContain('scripts/run.mjs start')
})

test.each(commands.slice(1))('%s runs', async (command) => {
  await until(async () => (await inProject('npx qicore query latest bitcoin')).includes('bitcoin'), 'a price')
  expect((await inProject(command)).length).toBeGreaterThan(5)
})

test('it shows what the table looks like', async () => {
  const [shown] = blocks.filter(({ language }) => language === 'text').map(({ text }) => text.split('\n', 1)[0] as string)
  const [heading] = (await inProject('npx qicore query latest')).split('\n')
  expect(shown?.split(/\s+/)).toEqual(heading?.trim().split(/\s+/))
})

test('its program runs, and prints an exact decimal', async () => {
  const program = blocks.find(({ language }) => language === 'ts')?.text as string
  await writeFile(join(cwd, 'program.ts'), program.replace("{ home: '.qicore' }", `{ databaseUrl: '${url}' }`))
  expect(await inProject(`'${process.execPath}' --no-warnings program.ts`)).toMatch(/^\d+\.\d+$/m)
})

test('a screen and a half', () => {
  expect(readme.split('\n').length).toBeLessThan(100)
})
