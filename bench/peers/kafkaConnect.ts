import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { open, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { LANES } from '../consume.ts'
import { freePort } from '../freePort.ts'
import { connectorSettings, workerSettings } from './connectSettings.ts'
import { CONNECT } from './installed.ts'
import type { Peer, PeerRun } from './peer.ts'

export interface WorkerOptions {
  readonly brokers: readonly string[]
  /** For its files. */
  readonly folder: string
}

export interface ConnectOptions extends WorkerOptions {
  readonly databaseUrl: string
}

/** A process of Kafka Connect. */
export interface ConnectWorker extends AsyncDisposable {
  readonly pid: number
  start(connector: string, config: Readonly<Record<string, string>>): Promise<PeerRun>
}

/** One worker for all rounds, as warm as a worker gets; each round is a connector of its own, with a consumer group of its own. */
export async function startKafkaConnect({ databaseUrl, ...options }: ConnectOptions): Promise<Peer> {
  const worker = await startWorker(options)
  let round = 0
  return {
    name: 'Kafka Connect, Debezium JDBC sink',
    start: (topic) => worker.start(`prices-${process.pid}-${round++}`, connectorSettings({ topic, databaseUrl, tasks: LANES })),
    [Symbol.asyncDispose]: () => worker[Symbol.asyncDispose](),
  }
}

export async function startWorker({ brokers, folder }: WorkerOptions): Promise<ConnectWorker> {
  const port = await freePort()
  const settings = join(folder, 'connect-worker.properties')
  const log = join(folder, 'connect.log')
  const values = workerSettings({ brokers, port, plugins: join(CONNECT, 'plugins'), folder })
  const lines = Object.entries(values).map(([name, value]) => `${name}=${value}\n`)
  await writeFile(settings, lines.join(''))
  const output = await open(log, 'w')
  // The heap of Kafka's own start script.
  const worker = spawn(
    'java',
    [
      '-Xms256M',
      '-Xmx2G',
      '-XX:+UseG1GC',
      '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
      '-cp',
      join(CONNECT, 'lib', '*'),
      'org.apache.kafka.connect.cli.ConnectStandalone',
      settings,
    ],
    { stdio: ['ignore', output.fd, output.fd] },
  )
  await output.close()
  const exited = once(worker, 'exit')
  const failure = async (what: string) => new Error(`${what}\n${(await readFile(log, 'utf8')).slice(-4000)}`)
  const url = `http://127.0.0.1:${port}/connectors`
  while (!(await isReady(url))) {
    if (worker.exitCode !== null) throw await failure(`Kafka Connect ended with code ${worker.exitCode}`)
    await sleep(100)
  }
  return {
    pid: worker.pid as number,
    async start(name, config) {
      await ask(url, { method: 'POST', body: JSON.stringify({ name, config }) })
      const stop = new AbortController()
      const failed = watch(`${url}/${name}/status`, stop.signal).catch(async (error: Error) => {
        throw await failure(error.message)
      })
      failed.catch(() => {}) // the race reports it
      return {
        failed,
        async stop() {
          stop.abort()
          await ask(`${url}/${name}`, { method: 'DELETE' })
          while ((await fetch(`${url}/${name}/status`)).status !== 404) await sleep(50)
        },
      }
    },
    async [Symbol.asyncDispose]() {
      // Asked to end, a worker sometimes deadlocks in its shutdown. It has nothing to save: its connectors are deleted.
      worker.kill('SIGKILL')
      await exited
    },
  }
}

const isReady = async (url: string): Promise<boolean> =>
  fetch(url).then(
    ({ ok }) => ok,
    () => false,
  )

async function ask(url: string, request: RequestInit): Promise<void> {
  const answer = await fetch(url, { ...request, headers: { 'content-type': 'application/json' } })
  if (!answer.ok) throw new Error(`Kafka Connect answered ${answer.status}: ${await answer.text()}`)
}

interface Status {
  readonly connector?: { readonly state: string }
  readonly tasks?: readonly { readonly state: string; readonly trace?: string }[]
}

/** Never resolves while the connector works. @throws Error when a part of it failed */
async function watch(url: string, signal: AbortSignal): Promise<never> {
  while (!signal.aborted) {
    const { connector, tasks = [] } = (await (await fetch(url)).json()) as Status
    const failed = tasks.find(({ state }) => state === 'FAILED')
    if (failed || connector?.state === 'FAILED') throw new Error(`Kafka Connect failed: ${failed?.trace ?? 'the connector'}`)
    await sleep(500, undefined, { signal }).catch(() => {})
  }
  return new Promise<never>(() => {})
}
