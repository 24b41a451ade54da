/**
 * The process beside a test run. It starts what test files share when it is first asked for, and tidies up: when the run's end
 * of the pipe closes, however the run ended, whatever still works in the run's folder is stopped and the folder removed.
 */
import { rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import type { Shared } from './ask.ts'
import { processesOf } from './leftovers.ts'
import { type Running, startShared } from './shared.ts'

const folder = process.argv[2] as string
const shared = new Map<string, Promise<Running>>()

const control = createServer((request, response) => {
  const name = (request.url ?? '').slice(1)
  const running = shared.get(name) ?? startShared(name as Shared, folder)
  shared.set(name, running)
  running.then(
    ({ address }) => response.end(address),
    (error: unknown) => response.writeHead(500).end(String(error)),
  )
})
control.listen(0, '127.0.0.1', () => process.stdout.write(`${(control.address() as AddressInfo).port}\n`))

// A Ctrl-C is for the run, not for us.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {})
process.stdin.resume()
process.stdin.on('close', tidy)

async function tidy(): Promise<void> {
  control.close()
  for (const running of shared.values()) await running.then(({ stop }) => stop()).catch(() => {})
  const patience = Date.now() + 5_000
  for (const { command } of processesOf(folder))
    process.stderr.write(`left behind by the tests and stopped: ${command.slice(0, 200)}\n`)
  for (let left = processesOf(folder); left.length > 0; left = processesOf(folder)) {
    // PostgreSQL gives its shared memory back on SIGQUIT, and not on SIGKILL.
    for (const { pid, command } of left) kill(pid, /\bpostgres\b/.test(command) && Date.now() < patience ? 'SIGQUIT' : 'SIGKILL')
    await setTimeout(50)
  }
  rmSync(folder, { recursive: true, force: true, maxRetries: 10 })
  process.exit(0)
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // it ended meanwhile
  }
}
