import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, test } from 'vitest'
import { freshEnvironment, runsSlow } from '../support/slow.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const run = promisify(execFile)

const SOME_TESTS = ['npm', 'test', '--', 'tests/tooling/services.test.ts', '-t', 'Node of the checkout|embedded'] as const

/** Runs a command; the answer holds both outputs. */
const say = async (cwd: string, command: string, ...args: string[]): Promise<string> => {
  const { stdout, stderr } = await run(command, args, { cwd, env: freshEnvironment() })
  return stdout + stderr
}

describe.runIf(runsSlow)('a fresh checkout below a closed folder', () => {
  let checkout: string

  beforeAll(async () => {
    const closed = await mkdtemp(join(tmpdir(), 'qicore-closed-')) // mode 700
    checkout = join(closed, 'qicore')
    const { stdout } = await run('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: ROOT })
    for (const file of stdout.split('\0').filter(Boolean)) {
      await mkdir(dirname(join(checkout, file)), { recursive: true })
      await cp(join(ROOT, file), join(checkout, file)).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error // deleted, and not committed yet
      })
    }
    const first = await say(checkout, ...SOME_TESTS)
    expect(first).toContain('first run: installing packages')
    expect(first).toMatch(/^2 passed, 0 failed/m)
  })

  test('installs once, and runs tests on Node 24 and an embedded PostgreSQL', async () => {
    const again = await say(checkout, ...SOME_TESTS)
    expect(again).not.toContain('installing')
    expect(again).toMatch(/^2 passed, 0 failed/m)
  })

  test('npx qicore runs there, also on an older Node', async () => {
    const { version } = JSON.parse(await readFile(join(checkout, 'package.json'), 'utf8')) as { version: string }
    expect(await say(checkout, 'npx', 'qicore', '--version')).toContain(version)
    expect((await say(checkout, 'node', 'bin/qicore.js', '--version')).trim()).toContain(version)
  })
})
