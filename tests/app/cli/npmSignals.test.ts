import { spawn } from 'node:child_process'
import { on, once } from 'node:events'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, onTestFinished, test } from 'vitest'
import { freshEnvironment } from '../../support/slow.ts'
import { makeProject } from './project.ts'

const ROOT = resolve(import.meta.dirname, '../../..')

test.each([
  ['SIGTERM', 'npm start'],
  ['SIGINT', 'npm start'],
  ['SIGTERM', 'npx qicore up'],
] as const)('a %s that only npm gets ends the platform of %s in order', { timeout: 120_000 }, async (signal, command) => {
  const project = await makeProject('signals', 'sources: { simulated: { interval_ms: 200 } }\n')
  onTestFinished(() => project[Symbol.asyncDispose]())
  const env = { ...freshEnvironment(), QICORE_HOME: project.home, QICORE_PORT: '0', QICORE_SOURCES: 'simulated' }
  const [file, ...args] = command.split(' ') as [string, ...string[]]
  const npm = spawn(file, args, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'ignore'] })
  // The output closes with the last process that holds it.
  const closed = once(npm, 'close')
  const lines: string[] = []
  for await (const [line] of on(createInterface(npm.stdout), 'line', { close: ['close'] })) {
    lines.push(String(line))
    if (String(line).startsWith('Running.')) npm.kill(signal)
  }
  await closed
  expect(lines.at(-1)).toMatch(/^Stopped: \d+ records? stored\.$/)
  expect(await project.databaseRuns()).toBe(false)
})
