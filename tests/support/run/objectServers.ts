import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, open, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../../bench/freePort.ts'
import { until } from '../until.ts'
import { fakeGcsServer, versitygw } from './available.ts'

/** A server of objects of the caller's own, on loopback, which keeps them in a folder. */
export interface ObjectServer {
  /** The setting `endpoint`. */
  readonly url: string
  readonly port: number
  /** As a crash; its objects stay. */
  kill9(): Promise<void>
  /** Starts it again on the same folder and port, and returns when it serves. */
  restart(): Promise<void>
  makeBucket(name: string): Promise<void>
  /** Ends it and removes its folder. */
  stop(): Promise<void>
}

/** The keys of its one account. */
export const S3_KEYS = { access_key_id: 'qicore-tests', secret_access_key: 'a-secret-of-the-tests' } as const

/** An S3 server with these buckets. */
export const startS3 = (...buckets: readonly string[]): Promise<ObjectServer> =>
  startServer('s3', buckets, ({ port, data, meta }) => ({
    program: versitygw(),
    args: ['--port', `127.0.0.1:${port}`, '--quiet', 'posix', '--sidecar', meta, data],
    env: { ROOT_ACCESS_KEY: S3_KEYS.access_key_id, ROOT_SECRET_KEY: S3_KEYS.secret_access_key },
    ready: (status) => status === 403, // it knows nobody without keys
  }))

/** A GCS server with these buckets. */
export const startGcs = (...buckets: readonly string[]): Promise<ObjectServer> =>
  startServer('gcs', buckets, ({ port, url, data }) => ({
    program: fakeGcsServer(),
    args: [
      ...['-scheme', 'http', '-host', '127.0.0.1', '-port', `${port}`, '-log-level', 'error'],
      ...['-backend', 'filesystem', '-filesystem-root', data, '-public-host', `127.0.0.1:${port}`, '-external-url', url],
    ],
    env: {},
    ready: (status) => status > 0,
  }))

interface Place {
  readonly port: number
  readonly url: string
  readonly data: string
  readonly meta: string
}

interface Command {
  readonly program: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly ready: (status: number) => boolean
}

async function startServer(
  name: string,
  buckets: readonly string[],
  commandOf: (place: Place) => Command,
): Promise<ObjectServer> {
  const dir = await mkdtemp(join(tmpdir(), `qicore-${name}-`))
  const [data, meta] = [join(dir, 'data'), join(dir, 'meta')]
  for (const folder of [meta, data, ...buckets.map((bucket) => join(data, bucket))]) await mkdir(folder, { recursive: true })
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const command = commandOf({ port, url, data, meta })
  let running = await launch(dir, url, command)
  const kill9 = () => end(running)
  return {
    url,
    port,
    kill9,
    makeBucket: async (bucket) => {
      await mkdir(join(data, bucket))
    },
    restart: async () => {
      await kill9()
      running = await launch(dir, url, command)
    },
    stop: async () => {
      await kill9()
      await rm(dir, { recursive: true, force: true, maxRetries: 10 })
    },
  }
}

async function launch(dir: string, url: string, { program, args, env, ready }: Command): Promise<ChildProcess> {
  const log = join(dir, 'server.log')
  const output = await open(log, 'a')
  // Detached: a Ctrl-C is for the run.
  const child = spawn(program, args, {
    cwd: dir,
    detached: true,
    env: { ...process.env, ...env },
    stdio: ['ignore', output.fd, output.fd],
  })
  await output.close()
  const over = () => child.exitCode !== null || child.signalCode !== null
  await until(async () => over() || ready((await fetch(url)).status), `${program} to serve`)
  if (over()) throw new Error(`${program} did not start:\n${(await readFile(log, 'utf8')).slice(-2000)}`)
  return child
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}
