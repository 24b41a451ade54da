import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { onTestFinished } from 'vitest'

const PROGRAM = `
import { createInterface } from 'node:readline'
import { openEmbeddedPostgres } from '${new URL('../../lib/src/base/database/embedded/open.ts', import.meta.url).href}'
const say = (message) => process.stdout.write(JSON.stringify(message) + '\\n')
try {
  const server = await openEmbeddedPostgres({ home: process.argv[1], onNotice: (notice) => say({ notice }) })
  say({ url: server.url, dataFolder: server.dataFolder })
  for await (const line of createInterface({ input: process.stdin })) {
    if (line === 'close') break
  }
  await server.close()
  process.stdin.destroy()
} catch (error) {
  say({ error: error.message, code: error.code })
}`

interface Said {
  readonly url?: string
  readonly dataFolder?: string
  readonly notice?: string
  readonly error?: string
}

/** Another process that uses the embedded server of a home. */
export interface ServerProcess {
  readonly child: ChildProcess
  readonly notices: readonly string[]
  readonly opened: Promise<{ url: string; dataFolder: string }>
  /** Closes properly and waits for its end. */
  close(): Promise<void>
  /** kill -9. */
  kill(): Promise<void>
}

export function serverProcess(home: string): ServerProcess {
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', PROGRAM, home], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  const notices: string[] = []
  const opened = new Promise<{ url: string; dataFolder: string }>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const said = JSON.parse(line) as Said
      if (said.notice) notices.push(said.notice)
      if (said.error) reject(new Error(said.error))
      if (said.url && said.dataFolder) resolve({ url: said.url, dataFolder: said.dataFolder })
    })
    void exited.then(() => reject(new Error('the process ended before it had opened the server')))
  })
  opened.catch(() => {})
  const process_ = {
    child,
    notices,
    opened,
    close: async () => {
      child.stdin.write('close\n')
      await exited
    },
    kill: async () => {
      child.kill('SIGKILL')
      await exited
    },
  }
  onTestFinished(() => process_.kill())
  return process_
}
