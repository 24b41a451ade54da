import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { type Price, price } from '../lib/src/base/types/index.ts'
import { LANES } from './consume.ts'
import type { DrainedSinkType } from './drainedSink.ts'
import { freePort } from './freePort.ts'
import { linesOf } from './lines.ts'
import { objects } from './objects.ts'
import { interpolated } from './peers/benthosSettings.ts'
import type { BentoTarget } from './peers/drainedByBento.ts'
import type { ConnectTarget } from './peers/drainedByConnect.ts'
import { COINS, prices } from './prices.ts'
import { onPath } from './requirements.ts'

const nothing = async () => {}

/** Files are counted by the runtime: what it counted was sealed. */
const files = (format: string): DrainedSinkType => ({
  open: async (folder) => ({
    fresh: (round) => ({ type: 'file', path: join(folder, `${format}-${round}`), format, roll: { age: '1s' } }),
    verify: nothing,
    ...(format === 'ndjson' && {
      bento: (round: number) => bentoFile(join(folder, `bento-${round}.ndjson`)),
      connect: (round: number) => connectFile(join(folder, `connect-${round}.ndjson`)),
    }),
    [Symbol.asyncDispose]: nothing,
  }),
})

const bentoFile = (path: string): BentoTarget => ({
  processors: [{ archive: { format: 'lines' } }],
  output: { file: { path, codec: 'lines' } },
  held: linesOf(path),
})

const connectFile = (path: string): ConnectTarget => ({ path, held: linesOf(path) })

async function ended(child: ChildProcess): Promise<void> {
  const exit = once(child, 'exit')
  child.kill('SIGKILL')
  await exit
}

async function answering(child: ChildProcess, ask: () => Promise<unknown>): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`${child.spawnfile} ended with code ${child.exitCode}`)
    try {
      await ask()
      return
    } catch {
      await setTimeout(20)
    }
  }
}

const redis: DrainedSinkType = {
  lacks: () => (onPath('redis-server') ? undefined : 'redis-server (npm run services)'),
  open: async (folder) => {
    const { createClient } = await import('@redis/client')
    const [port, dir] = [await freePort(), join(folder, 'redis')]
    await mkdir(dir, { recursive: true })
    const server = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, '--save', ''], {
      stdio: 'ignore',
    })
    const url = `redis://127.0.0.1:${port}`
    const connected = () => {
      const client = createClient({ url, socket: { reconnectStrategy: false } })
      client.on('error', () => {})
      return client.connect()
    }
    let client: Awaited<ReturnType<typeof connected>> | undefined
    await answering(server, async () => {
      client = await connected()
    })
    return {
      fresh: (round) => ({ type: 'redis', url, prefix: `round-${round}`, ttl: '3650d' }),
      verify: async (round, records) => {
        const keys = (await client?.keys(`round-${round}:price:*`)) ?? []
        const wanted = Math.min(records, COINS)
        if (keys.length !== wanted) throw new Error(`Redis holds ${keys.length} series, expected ${wanted}`)
      },
      // Of each coin the record that was written last stays: all are there once the last of each is.
      bento: (round, records) => ({
        output: {
          redis_hash: {
            url,
            key: `bento-${round}:price:${interpolated('meta("kafka_key")')}`,
            fields: { d: interpolated('content()') },
            max_in_flight: LANES,
          },
        },
        held: async () => {
          const lasts = [...prices(records, Math.max(0, records - COINS))]
          const keys = lasts.map((record) => `bento-${round}:price:${price.messageKey(record)}`)
          const found = (await Promise.all(keys.map((key) => client?.hGet(key, 'd')))) ?? []
          if (found.every((text, i) => text === price.encode(lasts[i] as Price))) return records
          return found.some((text) => text != null) ? 1 : 0
        },
      }),
      [Symbol.asyncDispose]: async () => {
        client?.destroy()
        await ended(server)
      },
    }
  },
}

const chdb = (): string => process.env.QICORE_TEST_CHDB ?? join(homedir(), '.cache/qicore-test/chdb/node_modules/chdb')

/** The engine of ClickHouse behind the HTTP interface of the tests: only what the process before it needs is measured. */
const clickhouse: DrainedSinkType = {
  lacks: () => (existsSync(join(chdb(), 'package.json')) ? undefined : 'the engine of ClickHouse (npm run services)'),
  open: async (folder) => {
    const [port, dir] = [await freePort(), join(folder, 'clickhouse')]
    await mkdir(dir, { recursive: true })
    const program = join(import.meta.dirname, '../tests/support/run/clickhouseServer.ts')
    const users = JSON.stringify({ default: { password: '', mayWrite: true } })
    const server = spawn(process.execPath, [program, dir, String(port), chdb(), users], { stdio: 'ignore' })
    const url = `http://127.0.0.1:${port}`
    await answering(server, () => fetch(`${url}/ping`))
    return {
      fresh: (round) => ({ type: 'clickhouse', url, table_prefix: `round_${round}_`, timeout: '5m' }),
      verify: async (round, records) => {
        const authorization = `Basic ${Buffer.from('default:').toString('base64')}`
        const body = `select count() from round_${round}_price_final`
        const counted = await (await fetch(url, { method: 'POST', headers: { authorization }, body })).text()
        if (Number(counted) !== records) throw new Error(`ClickHouse holds ${counted.trim()} records, expected ${records}`)
        await fetch(url, { method: 'POST', headers: { authorization }, body: `truncate table round_${round}_price` })
      },
      [Symbol.asyncDispose]: () => ended(server),
    }
  },
}

/** By the name that the table shows. */
export const drainedSinks: Readonly<Record<string, DrainedSinkType>> = {
  'file, ndjson': files('ndjson'),
  'file, parquet': files('parquet'),
  's3, ndjson': objects,
  redis,
  clickhouse,
}
