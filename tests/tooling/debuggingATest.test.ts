import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { freePort } from '../../bench/freePort.ts'
import { freshEnvironment } from '../support/slow.ts'
import { until } from '../support/until.ts'
import { blocksOf, readPage } from './page.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const section = (await readPage('testing.md')).split(/^## /m).find((text) => text.startsWith('Debugging a test')) as string
const commands = blocksOf(section)
  .filter(({ language }) => language === 'sh')
  .flatMap(({ text }) => text.trim().split('\n'))

function start(command: string) {
  const child = spawn('bash', ['-euc', command], { cwd: ROOT, env: freshEnvironment(), stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk))
  return { output: () => output, ended: once(child, 'exit') as Promise<[number | null]> }
}

test.each(commands.filter((command) => !command.includes('--inspect')))('%s', async (command) => {
  const { output, ended } = start(command)
  expect((await ended)[0], output()).toBe(0)
  expect(output()).toMatch(/^[1-9]\d* passed, 0 failed/m)
})

test('a debugger attaches, and the run goes on', async () => {
  const command = commands.find((each) => each.includes('--inspect')) as string
  const { output, ended } = start(command.replace('9229', String(await freePort())))
  const address = await until(() => /Debugger listening on (ws:\S+)/.exec(output())?.[1], 'the address of the debugger')
  const inspector = new WebSocket(address)
  await once(inspector, 'open')
  inspector.send(JSON.stringify({ id: 1, method: 'Runtime.runIfWaitingForDebugger' }))
  await once(inspector, 'message')
  // It stands at its first line until the debugger goes on or leaves.
  inspector.close()
  expect((await ended)[0], output()).toBe(0)
  expect(output()).toMatch(/^[1-9]\d* passed, 0 failed/m)
})
