import { onTestFinished } from 'vitest'
import { type ServedPlatform, type ServeOptions, type ServerSettings, serve } from '../../../app/server/index.ts'
import { openStore, type Store } from '../../../lib/src/base/database/index.ts'
import {
  type Decimal,
  type Logger,
  type Price,
  price,
  type RecordType,
  type RecordValues,
  recordTypes,
  type Stream,
  silentLogger,
} from '../../../lib/src/base/types/index.ts'
import { openEmbeddedStream } from '../../../lib/src/streaming/index.ts'

export interface Engines extends AsyncDisposable {
  readonly store: Store
  readonly stream: Stream
}

/** Opens a real store and a real stream in one database. */
export async function openEngines(url: string): Promise<Engines> {
  const store = await openStore({ home: '/nonexistent', databaseUrl: url })
  const stream = await openEmbeddedStream({ url, logger: silentLogger })
  await stream.createTopics(
    Object.values(recordTypes).map(({ topic }) => topic),
    { partitions: 2 },
  )
  const close = async () => {
    await stream.close()
    await store.close()
  }
  return { store, stream, [Symbol.asyncDispose]: close }
}

/** Fails without `this`, as the methods of a real platform do. */
const needsThis = <T>(answer: () => T) =>
  function (this: unknown): T {
    if (this === undefined) throw new TypeError('called without its platform')
    return answer()
  }

type Status = ReturnType<ServedPlatform['getStatus']>

/** A platform whose engines are real, and whose status is made up. */
export function platformOf({ store, stream }: Pick<Engines, 'store' | 'stream'>, more: Partial<Status> = {}): ServedPlatform {
  const since = Date.now()
  const consumer = {
    name: 'crypto-data',
    pipeline: 'crypto-data',
    destination: 'timescaledb',
    skipped: 0,
    group: 'crypto-data',
    topics: ['crypto-prices'],
    members: 1,
    state: 'running',
    read: 2,
    written: 2,
    overwritten: 0,
    deadLettered: 0,
    writes: 1,
    waiting: 0,
  } as const
  return {
    store,
    stream,
    getStatus: needsThis(() => ({
      state: 'running',
      startedAt: since,
      store: 'PostgreSQL',
      stream: 'embedded',
      publishers: [],
      consumers: [consumer],
      parts: [{ name: 'consumer crypto-data', state: 'running', since, restarts: 3 }],
      ...more,
    })),
    rateLimits: async () => [{ service: 'CoinGecko', limit: 30, windowMs: 61_000, free: 12, penaltyMs: 1500 }],
    async health() {
      const checks = { store: await store.check(), stream: await stream.check() }
      const parts = Object.entries(checks).map(([name, { ok, summary }]) => ({
        name,
        status: ok ? ('up' as const) : ('down' as const),
        since,
        summary,
      }))
      return { status: parts.every(({ status }) => status === 'up') ? 'up' : 'down', parts }
    },
  }
}

export interface Serving extends Partial<Omit<ServeOptions, 'config'>> {
  readonly token?: string
  readonly host?: string
  /** Default: any. */
  readonly port?: number
  readonly origins?: readonly string[]
  readonly loopback_role?: ServerSettings['loopback_role']
}

/** A server of the test. */
export async function serving(
  platform: ServedPlatform,
  { token, host = '127.0.0.1', port = 0, origins, loopback_role, ...options }: Serving = {},
) {
  const server = await serve({ platform, config: { server: { host, port, token, origins, loopback_role } }, ...options })
  onTestFinished(() => server.close())
  return server
}

/** A logger that keeps its lines. */
export function recordingLogger(): Logger & {
  readonly lines: { readonly fields: Readonly<Record<string, unknown>>; readonly message: string }[]
} {
  const lines: { fields: Readonly<Record<string, unknown>>; message: string }[] = []
  const log = (fields: Readonly<Record<string, unknown>>, message: string) => void lines.push({ fields, message })
  const logger = { lines, debug: log, info: log, warn: log, error: log, child: () => logger }
  return logger
}

export const priceOf = (coinId: string, more: Partial<Price> = {}): Price => ({
  coinId,
  source: 'coingecko',
  time: 1_700_000_000_123_456,
  receivedAt: 1_700_000_001_000_000,
  origin: 'live',
  currency: 'usd',
  price: '123456789012345.12345678' as Price['price'],
  ...more,
})

export const append = <R extends RecordValues>(stream: Stream, type: RecordType<R>, records: readonly R[]) =>
  stream.append(
    type.topic,
    records.map((record) => ({ key: type.messageKey(record), value: type.encode(record) })),
  )

export const appendPrices = (stream: Stream, ...prices: Price[]) => append(stream, price, prices)

export async function getJson(
  url: string,
  init: RequestInit = {},
): Promise<{ readonly status: number; readonly body: unknown; readonly headers: Headers }> {
  const response = await fetch(url, init)
  return { status: response.status, body: await response.json(), headers: response.headers }
}

let coins = 0
/** The id of a coin that no other test appends: the tests of a file share one stream. */
export const ownCoin = (): string => `coin-${process.pid}-${coins++}`

/** A price of `n`, at a time that grows with `n`. */
export const figure = (id: string, n: number): Price =>
  priceOf(id, { price: String(n) as Decimal, time: 1_700_000_000_000_000 + n })
