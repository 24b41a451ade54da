import { join } from 'node:path'
import type { CommandSpec, ToolResult } from '../../lib/src/mcp-launchers/index.ts'
import { until } from '../support/until.ts'
import type { Fixture } from './fixtureServer.ts'

/** How a fixture server is started. */
export const fixtureSpec = (fixture: Fixture = {}, rest: Partial<CommandSpec> = {}): CommandSpec => ({
  command: process.execPath,
  args: ['--no-warnings', join(import.meta.dirname, 'fixtureServer.ts')],
  ...rest,
  env: { FIXTURE: JSON.stringify(fixture), ...rest.env },
})

/** Waits that tests can afford. */
export const quick = { backoffMs: 20, maxBackoffMs: 100, graceMs: 300 }

export const textOf = ({ content }: ToolResult): string =>
  content.map((part) => (part.type === 'text' ? part.text : '')).join('\n')

export const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** An orphan that was killed is there until init has collected it. */
export const goneSoon = (pid: number): Promise<true> => until(() => !isRunning(pid), `the end of process ${pid}`) as Promise<true>
