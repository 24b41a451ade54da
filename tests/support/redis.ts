import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type createClient, createClient as redisClient } from '@redis/client'
import { freePort } from '../../bench/freePort.ts'
import { until } from './until.ts'

export type RedisClient = ReturnType<typeof createClient>

export interface RedisServer {
  readonly port: number
  /** `redis://127.0.0.1:PORT` */
  readonly url: string
  /** A connection to it, which ends with the server. */
  client(password?: string): Promise<RedisClient>
  kill9(): Promise<void>
  /** Suspends it, so that it takes connections and answers nothing; {@link RedisServer.resume} lets it go on. */
  suspend(): void
  resume(): void
  /** Starts it again on the same folder and port. */
  restart(): Promise<void>
  stop(): Promise<void>
}

/** A Redis of the caller's own, on loopback. Every write is on the disk when it is answered. */
export async function startRedis(settings: Readonly<Record<string, string>> = {}): Promise<RedisServer> {
  const dir = await mkdtemp(join(tmpdir(), 'qicore-redis-'))
  await mkdir(dir, { recursive: true })
  const port = await freePort()
  const given = { port: String(port), bind: '127.0.0.1', dir, save: '', appendonly: 'yes', appendfsync: 'always', ...settings }
  const launch = async () => {
    const child = spawn(
      'redis-server',
      Object.entries(given).flatMap(([name, value]) => [`--${name}`, value]),
      { stdio: ['ignore', 'ignore', 'inherit'], detached: true }, // a Ctrl-C is for the run
    )
    const ended = once(child, 'exit')
    const answers = async () => {
      if (child.exitCode !== null) throw new Error(`redis-server ended with code ${child.exitCode}`)
      const probe = connect(port)
      try {
        await probe.connect()
        // Without the password the answer is an error, and one all the same; while it loads there is none.
        await probe.ping().catch((error: Error) => {
          if (!/NOAUTH/.test(error.message)) throw error
        })
        return true
      } catch (error) {
        return /NOAUTH|WRONGPASS/.test(String(error))
      } finally {
        if (probe.isOpen) probe.destroy()
      }
    }
    await until(answers, 'redis-server to answer')
    return { child, ended }
  }
  let running = await launch()
  const clients: RedisClient[] = []
  const kill = async () => {
    running.child.kill('SIGKILL')
    await running.ended
  }
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    client: async (password) => {
      const client = connect(port, password)
      clients.push(client)
      await client.connect()
      return client
    },
    kill9: kill,
    suspend: () => running.child.kill('SIGSTOP'),
    resume: () => running.child.kill('SIGCONT'),
    restart: async () => {
      await kill()
      running = await launch()
    },
    stop: async () => {
      for (const client of clients) if (client.isOpen) client.destroy()
      await kill()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

function connect(port: number, password?: string): RedisClient {
  const client = redisClient({
    url: `redis://127.0.0.1:${port}`,
    ...(password !== undefined && { password }),
    socket: { reconnectStrategy: false },
    disableOfflineQueue: true,
  })
  client.on('error', () => {})
  return client as RedisClient
}

/** Three servers that share the slots. */
export async function startRedisCluster(): Promise<{
  readonly urls: readonly string[]
  readonly servers: readonly RedisServer[]
  stop(): Promise<void>
}> {
  const servers = await Promise.all(
    // The bus has a port of its own, by default 10,000 above, where others may listen.
    [0, 1, 2].map(async () =>
      startRedis({ 'cluster-enabled': 'yes', 'cluster-node-timeout': '2000', 'cluster-port': String(await freePort()) }),
    ),
  )
  const clients = await Promise.all(servers.map((server) => server.client()))
  const share = Math.ceil(16_384 / servers.length)
  for (const [i, client] of clients.entries()) {
    const last = Math.min(16_384, (i + 1) * share) - 1
    await client.sendCommand(['CLUSTER', 'ADDSLOTSRANGE', String(i * share), String(last)])
    await client.sendCommand(['CLUSTER', 'SET-CONFIG-EPOCH', String(i + 1)])
  }
  const [first] = clients as [RedisClient]
  for (const client of clients.slice(1)) {
    const { port } = servers[clients.indexOf(client)] as RedisServer
    const [, bus] = /@(\d+)/.exec(await client.sendCommand<string>(['CLUSTER', 'NODES'])) ?? []
    await first.sendCommand(['CLUSTER', 'MEET', '127.0.0.1', String(port), String(bus)])
  }
  await until(async () => {
    const known = await Promise.all(clients.map((client) => client.sendCommand<string>(['CLUSTER', 'INFO'])))
    return known.every(
      (info) => /cluster_state:ok/.test(info) && /cluster_known_nodes:3/.test(info) && /cluster_size:3/.test(info),
    )
  }, 'the cluster to be whole')
  return {
    urls: servers.map(({ url }) => url),
    servers,
    stop: async () => {
      await Promise.all(servers.map((server) => server.stop()))
    },
  }
}
