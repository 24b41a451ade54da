/** A small MCP server over stdio that misbehaves on request. `FIXTURE` in its environment holds what it does, as JSON. */
import { spawn } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { McpServer } from '@modelcontextprotocol/server'
import { serveStdio } from '@modelcontextprotocol/server/stdio'
import { z } from 'zod'

export interface Fixture {
  /** Does not speak before this file is there. */
  readonly waitFor?: string
  /** Writes so many lines to stderr, and one to stdout that is no message. */
  readonly noise?: number
  /** Ends at its first start, and leaves this file. */
  readonly failOnce?: string
  /** Ends at every start, with this code. */
  readonly exit?: number
  /** Goes on when its stdin is closed and SIGTERM comes. */
  readonly stubborn?: boolean
  /** Starts a process of its own, whose pid the tool `pids` tells. */
  readonly helper?: boolean
}

const fixture = JSON.parse(process.env.FIXTURE ?? '{}') as Fixture

for (let line = 0; line < (fixture.noise ?? 0); line++) process.stderr.write(`noise ${line} ${'x'.repeat(60)}\n`)
if (fixture.noise) process.stdout.write('this is no message\n')
if (fixture.exit !== undefined) {
  process.stderr.write('the disk is on fire\n')
  process.exit(fixture.exit)
}
if (fixture.failOnce && !existsSync(fixture.failOnce)) {
  writeFileSync(fixture.failOnce, '')
  process.exit(7)
}
const helper = fixture.helper
  ? spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: ['ignore', 'inherit', 'inherit'] })
  : undefined
if (fixture.stubborn) {
  process.on('SIGTERM', () => {})
  setInterval(() => {}, 1000)
}

const text = (value: unknown) => ({ content: [{ type: 'text' as const, text: JSON.stringify(value) }] })

const serve = () => {
  const server = new McpServer({ name: 'fixture', version: '1.2.3' })
  server.registerTool('echo', { description: 'gives back', inputSchema: z.object({ value: z.string() }) }, ({ value }) =>
    text(value),
  )
  server.registerTool('environment', {}, () => text(process.env))
  server.registerTool('pids', {}, () => text({ own: process.pid, helper: helper?.pid }))
  server.registerTool('crash', {}, () => {
    process.stderr.write('about to crash\n')
    process.exit(3)
  })
  server.registerTool('hang', {}, () => new Promise(() => {}))
  server.registerTool('fails', {}, () => ({ isError: true, ...text('it did not work') }))
  return server
}

const start = () => void serveStdio(serve)
if (fixture.waitFor === undefined) start()
else {
  const { waitFor } = fixture
  const waiting = setInterval(() => {
    if (!existsSync(waitFor)) return
    clearInterval(waiting)
    start()
  }, 20)
}
