import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** A program of this folder in a process of its own; `T` is what it reports. */
export interface TestProcess<T = unknown> {
  readonly pid: number
  /** Its last report. */
  report(): T | undefined
  /** All it printed so far. */
  output(): string
  kill9(): Promise<void>
  /** SIGTERM, and the exit code. */
  stop(): Promise<number | null>
}

export function startProcess<T>(
  script: string,
  settings: unknown,
  cwd: string,
  env: Readonly<Record<string, string>>,
): TestProcess<T> {
  const file = fileURLToPath(new URL(script, import.meta.url))
  const child: ChildProcess = spawn(process.execPath, [file, JSON.stringify(settings)], {
    cwd,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  let printed = ''
  let last: T | undefined
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (printed += chunk.toString()))
  child.on('message', (message) => {
    last = message as T
  })
  const exited = once(child, 'exit')
  const end = async (signal: 'SIGKILL' | 'SIGTERM') => {
    child.kill(signal)
    await exited
  }
  return {
    pid: child.pid as number,
    report: () => last,
    output: () => printed,
    kill9: () => end('SIGKILL'),
    stop: async () => {
      await end('SIGTERM')
      return child.exitCode
    },
  }
}
