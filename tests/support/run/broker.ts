import { execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { mkdir, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import { freePort } from '../../../bench/freePort.ts'
import { kafkaLibrary } from './available.ts'

export interface Kafka {
  /** Such as `127.0.0.1:34567`. */
  readonly brokers: string
  readonly port: number
  readonly dir: string
  readonly cluster: { readonly id: string; readonly controllerPort: number }
  /** Of the running broker; another one after a restart. */
  readonly pid: number
  /** As a crash: what it has not written is lost, its folder stays. */
  kill9(): Promise<void>
  /** Starts it again on the same folder and port, and returns when it serves. */
  restart(): Promise<void>
  /** Ends it and removes its folder. */
  stop(): Promise<void>
}

export interface KafkaOptions {
  readonly port?: number
  readonly dir?: string
  /** Over those of a single broker that starts fast. */
  readonly properties?: Readonly<Record<string, string | number>>
  /** For the storage tool, such as `--add-scram`. */
  readonly formatArguments?: readonly string[]
  /** The broker whose cluster this one joins, as its second; the first stays its only controller. */
  readonly joins?: Kafka
}

/** A broker of the caller's own: KRaft, one node, loopback, nothing created by itself. Ready in 5 to 14 s. */
export async function startKafka(options: KafkaOptions = {}): Promise<Kafka> {
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), 'qicore-kafka-')))
  await mkdir(dir, { recursive: true })
  const port = options.port ?? (await freePort())
  const controller = options.joins?.cluster.controllerPort ?? (await freePort())
  const config = join(dir, 'server.properties')
  const properties = { ...single(dir, port, controller), ...(options.joins ? second(port) : {}), ...options.properties }
  await writeFile(
    config,
    Object.entries(properties)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(''),
  )
  const id = options.joins?.cluster.id ?? randomBytes(16).toString('base64url')
  await promisify(execFile)('java', [
    ...quick,
    'kafka.tools.StorageTool',
    'format',
    `--cluster-id=${id}`, // it may begin with a dash
    '-c',
    config,
    ...(options.formatArguments ?? []),
  ])

  let broker = await launch(dir, config)
  return {
    brokers: `127.0.0.1:${port}`,
    port,
    dir,
    cluster: { id, controllerPort: controller },
    get pid() {
      return broker.pid
    },
    kill9: () => broker.kill(),
    restart: async () => {
      await broker.kill()
      broker = await launch(dir, config)
    },
    stop: async () => {
      await broker.kill()
      await rm(dir, { recursive: true, force: true, maxRetries: 10 })
    },
  }
}

const classpath = (): string => join(kafkaLibrary(), '*')
const quick = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-cp', classpath()]

const single = (dir: string, port: number, controller: number): Record<string, string | number> => ({
  'process.roles': 'broker,controller',
  'node.id': 1,
  'controller.quorum.voters': `1@127.0.0.1:${controller}`,
  listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller}`,
  'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
  'controller.listener.names': 'CONTROLLER',
  'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
  'inter.broker.listener.name': 'PLAINTEXT',
  'log.dirs': join(dir, 'data'),
  'auto.create.topics.enable': 'false',
  'offsets.topic.replication.factor': 1,
  'offsets.topic.num.partitions': 4,
  'transaction.state.log.replication.factor': 1,
  'transaction.state.log.min.isr': 1,
  'transaction.state.log.num.partitions': 4,
  'share.coordinator.state.topic.replication.factor': 1,
  'share.coordinator.state.topic.min.isr': 1,
  'share.coordinator.state.topic.num.partitions': 4,
  'group.initial.rebalance.delay.ms': 0,
  // How soon it is back after a kill.
  'broker.session.timeout.ms': 3000,
  'broker.heartbeat.interval.ms': 500,
})

const second = (port: number): Record<string, string | number> => ({
  'process.roles': 'broker',
  'node.id': 2,
  listeners: `PLAINTEXT://127.0.0.1:${port}`,
})

interface Broker {
  readonly pid: number
  kill(): Promise<void>
}

async function launch(dir: string, config: string): Promise<Broker> {
  const log = join(dir, 'broker.log')
  const output = await open(log, 'w')
  const child = spawn(
    'java',
    ['-Xms512m', '-Xmx512m', '-XX:+UseG1GC', '-XX:TieredStopAtLevel=1', '-cp', classpath(), 'kafka.Kafka', config],
    {
      cwd: dir,
      detached: true, // a Ctrl-C is for the run
      stdio: ['ignore', output.fd, output.fd],
    },
  )
  await output.close()
  const ended = once(child, 'exit')
  const kill = async () => {
    child.kill('SIGKILL')
    await ended
  }
  while (!(await readFile(log, 'utf8')).includes('Kafka Server started')) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`Kafka did not start:\n${await errorsIn(log)}`)
    await setTimeout(50)
  }
  return { pid: child.pid as number, kill }
}

async function errorsIn(log: string): Promise<string> {
  const lines: string[] = []
  for await (const line of createInterface(createReadStream(log))) if (/ERROR|Exception|FATAL/.test(line)) lines.push(line)
  return lines.slice(0, 20).join('\n')
}
