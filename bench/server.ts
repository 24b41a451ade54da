import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { freePort } from './freePort.ts'

const MAIN = fileURLToPath(new URL('../app/cli/main.ts', import.meta.url))

export interface ServerProcess extends AsyncDisposable {
  readonly url: string
}

/** `qicore up` in a process of its own, on the database of the benchmark; it acquires nothing, so that it only serves. */
export async function startServer(folder: string, databaseUrl: string): Promise<ServerProcess> {
  const port = await freePort()
  const child = spawn(process.execPath, [MAIN, 'up'], {
    cwd: folder,
    env: {
      ...process.env,
      DATABASE_URL: databaseUrl,
      REDPANDA_BROKERS: undefined,
      QICORE_SOURCES: 'none',
      QICORE_PORT: String(port),
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const exited = once(child, 'exit')
  const url = `http://127.0.0.1:${port}`
  while (!(await isReady(url))) {
    if (child.exitCode !== null) throw new Error(`qicore up ended with code ${child.exitCode}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  const stop = async () => {
    child.kill('SIGTERM')
    await exited
  }
  return { url, [Symbol.asyncDispose]: stop }
}

const isReady = async (url: string): Promise<boolean> =>
  fetch(`${url}/ready`).then(
    ({ ok }) => ok,
    () => false,
  )
