import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { decimal, nowMicros, type Price, price, type Stream } from '../../lib/src/base/types/index.ts'
import { until } from '../support/until.ts'

export const SOURCE = 'soak'
const COINS = 100
const TICK_MS = 100
/** No more than this at once, after a pause of ours. */
const CATCH_UP = 20

/** Appends records to the stream, as many a second, until it is told to stop. @returns how many */
export async function produce(stream: Stream, rate: number, signal: AbortSignal): Promise<number> {
  const began = performance.now()
  let [produced, due] = [0, 0]
  while (!signal.aborted) {
    const now = Math.floor(((performance.now() - began) / 1000) * rate)
    const count = Math.min(now - due, rate * CATCH_UP)
    due = now
    if (count > 0) {
      const time = nowMicros()
      const records = Array.from({ length: count }, (_, i) => aPrice(produced + i, time))
      await stream.append(
        price.topic,
        records.map((record) => ({ key: price.messageKey(record), value: price.encode(record) })),
      )
      produced += count
    }
    await setTimeout(TICK_MS)
  }
  return produced
}

/** Of one moment at most 100 a coin: they are a microsecond apart. */
const aPrice = (i: number, time: number): Price => ({
  coinId: `coin-${i % COINS}`,
  source: SOURCE,
  currency: 'usd',
  origin: 'replay',
  time: time + (Math.floor(i / COINS) % 1000),
  receivedAt: time,
  price: decimal(`${i + 1}.5`),
  marketCap: decimal(String(i + 1)),
})

/** The reads of a user of the dashboard and of a program, all in turn. */
const PATHS = [
  '/api/v1/prices/latest',
  '/api/v1/candles?coin=bitcoin&timeframe=1m',
  '/api/v1/candles?coin=ethereum&timeframe=5m&fill=true',
  '/api/v1/candles/bucketed?coin=coin-1&bucket=10s&limit=100',
  '/api/v1/indicators/rsi?coin=bitcoin&timeframe=1s',
  '/api/v1/anomalies?coin=bitcoin&timeframe=1m',
  '/api/v1/market/summary',
  '/api/v1/instruments?search=bit',
  '/api/v1/data-health?coin=bitcoin',
  '/api/v1/coverage?coins=bitcoin',
  '/api/v1/status',
  '/api/v1/store',
  '/api/v1/openapi.json',
  '/health',
  '/ready',
  '/',
] as const
const PAUSE_MS = 50

/** Returns once there is something to read at each of them. */
export async function readable(url: string): Promise<void> {
  for (const path of PATHS)
    await until(async () => {
      const response = await fetch(url + path)
      await response.text()
      return response.ok
    }, `something at ${path}`)
}

export interface Reads {
  readonly count: number
  /** Answers with another status than 200. */
  readonly bad: readonly string[]
}

/** Reads one after the other, every third over a connection of its own, until it is told to stop. */
export async function read(url: string, signal: AbortSignal): Promise<Reads> {
  const bad: string[] = []
  let count = 0
  for (; !signal.aborted; count++) {
    const path = PATHS[count % PATHS.length] as string
    try {
      const response = await fetch(url + path, count % 3 === 0 ? { headers: { connection: 'close' } } : {})
      const body = await response.text()
      if (response.status !== 200) bad.push(`${path}: ${response.status} ${body.slice(0, 300)}`)
    } catch (error) {
      bad.push(`${path}: ${String((error as Error).cause ?? error)}`)
    }
    await setTimeout(PAUSE_MS)
  }
  return { count, bad }
}

/**
 * A client of the WebSocket that stays until it is told to go.
 * @param heard told how many of the load's records it was sent so far; of none once it listens
 */
export async function listen(url: string, signal: AbortSignal, heard: (records: number) => void = () => {}): Promise<void> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/ws`)
  let records = 0
  socket.on('message', (data) => {
    const { type, data: sent } = JSON.parse(String(data)) as { readonly type: string; readonly data: readonly Sent[] }
    if (type === 'records') records += sent.filter(({ source }) => source === SOURCE).length
    if (type === 'records' || type === 'subscribed') heard(records)
  })
  const gone = once(socket, 'close')
  await once(socket, 'open')
  socket.send(JSON.stringify({ type: 'subscribe', channel: 'prices', batch: true }))
  const end = () => socket.close()
  signal.addEventListener('abort', end, { once: true })
  if (signal.aborted) end()
  await gone
  signal.removeEventListener('abort', end)
  if (!signal.aborted) throw new Error('the WebSocket was closed by the server')
}

interface Sent {
  readonly source: string
}

/** Clients that come and go, one after the other. @returns how many */
export async function comeAndGo(url: string, everyMs: number, signal: AbortSignal): Promise<number> {
  let count = 0
  for (; !signal.aborted; count++) await listen(url, AbortSignal.any([signal, AbortSignal.timeout(everyMs)]))
  return count
}
