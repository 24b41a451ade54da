import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { errorMessage, QiError } from '../../base/index.ts'

export interface Gateway {
  /** What the server is told to be CoinGecko. */
  readonly url: string
  close(): Promise<void>
}

export interface GatewayOptions {
  /** Where CoinGecko really is. */
  readonly baseUrl: string
  /** Added to each request: the key. */
  readonly headers: Readonly<Record<string, string>>
}

/** What of an answer is passed on. */
const PASSED = ['content-type', 'retry-after']

/** Larger answers are refused; the largest of the API, the list of all coins, has 2 MB. */
const MOST_BYTES = 64 * 1024 * 1024

/**
 * Stands between the CoinGecko server and the API and adds the key, which neither the server nor the code that it runs ever has.
 * Only GET. It listens on a loopback address of its own where the system has one (Linux): the server's sandbox lets code reach the
 * host of its API on any port, and on 127.0.0.1 other services listen.
 * @throws QiError UNAVAILABLE
 */
export async function openGateway({ baseUrl, headers }: GatewayOptions): Promise<Gateway> {
  const base = baseUrl.replace(/\/+$/, '')
  const ended = new AbortController()
  const server = createServer((request, response) => void forward(request, response, base, headers, ended.signal))
  const host = await listen(server, ownLoopback()).catch(() => listen(server, '127.0.0.1'))
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}/api/v3`,
    async close() {
      ended.abort()
      const closed = Promise.withResolvers<void>()
      server.close(() => closed.resolve())
      server.closeAllConnections()
      await closed.promise
    },
  }
}

const byte = (from: number): number => from + Math.floor(Math.random() * (254 - from))
const ownLoopback = (): string => `127.${byte(1)}.${byte(1)}.${byte(2)}`

async function listen(server: ReturnType<typeof createServer>, host: string): Promise<string> {
  const listening = Promise.withResolvers<void>()
  server.once('error', listening.reject)
  server.listen(0, host, listening.resolve)
  try {
    await listening.promise
  } catch (error) {
    throw new QiError('UNAVAILABLE', `CoinGecko's gateway cannot listen on ${host}: ${errorMessage(error)}`, { cause: error })
  } finally {
    server.removeListener('error', listening.reject)
  }
  return host
}

async function forward(
  request: IncomingMessage,
  response: ServerResponse,
  base: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<void> {
  const path = request.url ?? ''
  if (request.method !== 'GET') return refuse(response, 405, `${request.method}: only GET`)
  if (!path.startsWith('/api/v3/')) return refuse(response, 404, `${path}: only /api/v3/…`)
  try {
    const url = base + path.slice('/api/v3'.length)
    // Redirects would carry the key elsewhere.
    const answer = await fetch(url, { headers: { accept: 'application/json', ...headers }, redirect: 'manual', signal })
    const body = Buffer.from(await answer.arrayBuffer())
    if (body.length > MOST_BYTES) return refuse(response, 502, `the answer has ${body.length} bytes`)
    const passed = PASSED.flatMap((name) => {
      const value = answer.headers.get(name)
      return value === null ? [] : [[name, value] as const]
    })
    response.writeHead(answer.status, Object.fromEntries(passed))
    response.end(body)
  } catch (error) {
    refuse(response, 502, `CoinGecko cannot be reached: ${errorMessage(error)}`)
  }
}

function refuse(response: ServerResponse, status: number, error: string): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ error }))
}
