import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, open, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../../bench/freePort.ts'
import { until } from '../until.ts'
import { registryJar } from './available.ts'

export interface Registry {
  /** Value of SCHEMA_REGISTRY_URL. */
  readonly url: string
  /** As a crash; its folder stays. */
  kill9(): Promise<void>
  /** Starts it again on the same folder and port, and returns when it serves. */
  restart(): Promise<void>
  /** Ends it and removes its folder. */
  stop(): Promise<void>
}

/** A schema registry of the caller's own, on loopback, which keeps what it is told in a folder. Ready in 5 to 10 s. */
export async function startRegistry(folder?: string): Promise<Registry> {
  const dir = folder ?? (await mkdtemp(join(tmpdir(), 'qicore-registry-')))
  await mkdir(dir, { recursive: true })
  const port = await freePort()
  let server = await launch(dir, port)
  return {
    url: urlAt(port),
    kill9: () => server.kill(),
    restart: async () => {
      await server.kill()
      server = await launch(dir, port)
    },
    stop: async () => {
      await server.kill()
      await rm(dir, { recursive: true, force: true, maxRetries: 10 })
    },
  }
}

const urlAt = (port: number): string => `http://127.0.0.1:${port}/apis/ccompat/v7`

async function launch(dir: string, port: number): Promise<{ kill(): Promise<void> }> {
  const log = join(dir, 'registry.log')
  const output = await open(log, 'w')
  const settings = {
    'java.io.tmpdir': dir,
    'quarkus.http.host': '127.0.0.1',
    'quarkus.http.port': port,
    'apicurio.storage.kind': 'sql',
    'apicurio.storage.sql.kind': 'h2',
    'apicurio.datasource.url': `jdbc:h2:file:${join(dir, 'data')}`,
  }
  const child = spawn(
    'java',
    [
      '-Xmx384m',
      '-XX:+UseSerialGC',
      '-XX:TieredStopAtLevel=1',
      ...Object.entries(settings).map(([name, value]) => `-D${name}=${value}`),
      '-jar',
      registryJar() as string,
    ],
    {
      cwd: dir,
      detached: true, // a Ctrl-C is for the run
      stdio: ['ignore', output.fd, output.fd],
    },
  )
  await output.close()
  const ended = once(child, 'exit')
  const over = () => child.exitCode !== null || child.signalCode !== null
  await until(async () => over() || (await fetch(`${urlAt(port)}/subjects`)).ok, 'the schema registry to serve')
  if (over()) throw new Error(`the schema registry did not start:\n${await readFile(log, 'utf8')}`)
  return {
    kill: async () => {
      child.kill('SIGKILL')
      await ended
    },
  }
}
