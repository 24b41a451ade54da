import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { PlatformStatus } from '../../lib/src/base/types/index.ts'
import { until } from './until.ts'

const MAIN = fileURLToPath(new URL('../../app/cli/main.ts', import.meta.url))

/** `qicore up` in a process of its own. */
export interface PlatformProcess {
  readonly pid: number
  readonly url: string
  /** All it printed so far. */
  output(): string
  status(): Promise<PlatformStatus>
  kill9(): Promise<void>
  /** SIGTERM, and the exit code. */
  stop(): Promise<number | null>
}

/** Starts it in a project folder and returns when it answers. */
export async function startPlatform(cwd: string, env: Readonly<Record<string, string>>): Promise<PlatformProcess> {
  const child: ChildProcess = spawn(process.execPath, [MAIN, 'up'], {
    cwd,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env, QICORE_PORT: '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let printed = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (printed += chunk.toString()))
  const exited = once(child, 'exit')
  const over = () => child.exitCode !== null || child.signalCode !== null
  const printing = (error: unknown) => {
    throw new Error(`${(error as Error).message}; it printed:\n${printed}`, { cause: error })
  }
  const served = () => /\(API: (\S+)\/api\/v1\/docs\)/.exec(printed)?.[1]
  const url = await until(() => (over() ? '' : served()), 'qicore up to say where').catch(printing)
  const status = async (): Promise<PlatformStatus> => (await (await fetch(`${url}/api/v1/status`)).json()) as PlatformStatus
  const end = async (signal: 'SIGKILL' | 'SIGTERM') => {
    child.kill(signal)
    await exited
  }
  await until(async () => over() || (await fetch(`${url}/ready`)).ok, 'qicore up to answer').catch(printing)
  if (over()) throw new Error(`qicore up ended with ${child.exitCode ?? child.signalCode}:\n${printed}`)
  return {
    pid: child.pid as number,
    url,
    output: () => printed,
    status,
    kill9: () => end('SIGKILL'),
    stop: async () => {
      await end('SIGTERM')
      return child.exitCode
    },
  }
}
