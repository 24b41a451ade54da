import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'

/** Trades that a connection is sent once it has subscribed. */
export interface Sent {
  readonly symbols: readonly string[]
  /** Trades a second of all symbols together; left out: as fast as the connection takes them. */
  readonly perSecond?: number
}

/** Symbols such as `S17USDT`. */
export const liveSymbols = (count: number): readonly string[] => Array.from({ length: count }, (_, i) => `S${i}USDT`)

/** Texts that are handed to a connection in one turn of the event loop. */
const AT_ONCE = 500
const MOST_BUFFERED = 2 ** 20
const EVERY_MS = 5

/** Like Binance, on a loopback port: a list of instruments by REST, and trades that go on for as long as a connection is open. */
export async function startLiveVenue({ symbols, perSecond }: Sent): Promise<AsyncDisposable & { readonly port: number }> {
  const listed = symbols.map((symbol) => ({
    symbol,
    baseAsset: symbol.slice(0, -4),
    quoteAsset: 'USDT',
    status: 'TRADING',
    filters: [],
  }))
  const server = createServer((request, response) => {
    response.setHeader('content-type', 'application/json')
    response.end(request.url?.includes('exchangeInfo') ? JSON.stringify({ symbols: listed }) : '{}')
  })
  const sockets = new WebSocketServer({ server })
  const subscribed = new Set<WebSocket>()
  let made = 0
  sockets.on('connection', (socket) => {
    socket.on('close', () => subscribed.delete(socket))
    socket.on('error', () => subscribed.delete(socket))
    socket.on('message', (data) => {
      const { id } = JSON.parse(data.toString()) as { id: number }
      socket.send(JSON.stringify({ result: null, id }))
      if (subscribed.has(socket)) return
      subscribed.add(socket)
      if (perSecond === undefined) flood(socket, symbols)
    })
  })
  let due = 0
  const beat = setInterval(() => {
    if (perSecond === undefined || subscribed.size === 0) return
    due += (perSecond * EVERY_MS) / 1000
    for (; made < due; made++) {
      const text = tradeText(symbols, made)
      for (const socket of subscribed) socket.send(text)
    }
  }, EVERY_MS)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      clearInterval(beat)
      for (const socket of sockets.clients) socket.terminate()
      server.close()
      await once(server, 'close')
    },
  }
}

function flood(socket: WebSocket, symbols: readonly string[], from = 0): void {
  if (socket.readyState !== socket.OPEN) return
  let next = from
  if (socket.bufferedAmount < MOST_BUFFERED)
    for (const end = from + AT_ONCE; next < end; next++) socket.send(tradeText(symbols, next))
  setImmediate(() => flood(socket, symbols, next))
}

/** The text of a trade as Binance sends it; numbers of a symbol follow one another. */
function tradeText(symbols: readonly string[], i: number): string {
  const symbol = symbols[i % symbols.length] as string
  const id = 3_700_000_000 + Math.floor(i / symbols.length)
  const price = `${60_000 + ((i * 7919) % 2000)}.${String((i * 31) % 100).padStart(2, '0')}000000`
  const amount = `0.${String(1 + ((i * 104_729) % 99_999)).padStart(5, '0')}000`
  const now = Date.now()
  return `{"stream":"${symbol.toLowerCase()}@trade","data":{"e":"trade","E":${now},"s":"${symbol}","t":${id},"p":"${price}","q":"${amount}","T":${now},"m":${i % 3 === 0},"M":true}}`
}
