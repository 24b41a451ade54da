import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { HttpClient } from '../../base/networking/index.ts'
import { errorMessage, QiError, toQiError } from '../../base/types/index.ts'
import { apiPath } from './apiPath.ts'

export interface Gateway {
  /** Base URL given to the server instead of CoinGecko's. It holds a secret: no other process can use the gateway. */
  readonly url: string
  close(): Promise<void>
}

export interface GatewayOptions {
  /** CoinGecko's own base URL. */
  readonly baseUrl: string
  /** Added to each request: the key. */
  readonly headers: Readonly<Record<string, string>>
}

/** Response headers passed through. */
const PASSED = ['content-type', 'retry-after', 'date']

/**
 * A proxy between the CoinGecko server and the API that adds the key: neither the server nor the code that it runs has it.
 * Only GET, only below the API's path, and only with the secret in the path, which the server alone knows. It listens on a loopback
 * address of its own where the system has one (Linux): the server's sandbox lets code reach the host of its API on any port, and on
 * 127.0.0.1 other services listen.
 * @throws QiError UNAVAILABLE
 */
export async function openGateway({ baseUrl, headers }: GatewayOptions): Promise<Gateway> {
  const prefix = `/${randomBytes(24).toString('base64url')}/api/v3`
  const http = new HttpClient({ secrets: Object.values(headers) })
  const upstream: Upstream = { http, prefix, base: baseUrl.replace(/\/+$/, ''), headers }
  const server = createServer((request, response) => void forward(request, response, upstream))
  const host = await listen(server, ownLoopback()).catch(() => listen(server, '127.0.0.1'))
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}${prefix}`,
    async close() {
      await http.close()
      const closed = Promise.withResolvers<void>()
      server.close(() => closed.resolve())
      server.closeAllConnections()
      await closed.promise
    },
  }
}

interface Upstream {
  readonly http: HttpClient
  readonly prefix: string
  readonly base: string
  readonly headers: Readonly<Record<string, string>>
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

async function forward(request: IncomingMessage, response: ServerResponse, upstream: Upstream): Promise<void> {
  const { http, prefix, base, headers } = upstream
  if (request.method !== 'GET') return refuse(response, 405, 'only GET')
  const path = apiPath(request.url ?? '', prefix)
  if (path === undefined) return refuse(response, 404, 'only paths below the base URL that the server was given')
  const left = new AbortController()
  response.once('close', () => left.abort())
  try {
    const answer = await http.fetch(base + path, { headers: { accept: 'application/json', ...headers }, signal: left.signal })
    // Read whole, so that an answer beyond the bounds is refused instead of cut.
    const body = Buffer.from(await answer.arrayBuffer())
    const passed = PASSED.flatMap((name) => {
      const value = answer.headers.get(name)
      return value === null ? [] : [[name, value] as const]
    })
    response.writeHead(answer.status, Object.fromEntries(passed))
    response.end(body)
  } catch (error) {
    if (!response.destroyed) refuse(response, 502, `CoinGecko: ${toQiError(error).message}`)
  }
}

function refuse(response: ServerResponse, status: number, error: string): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ error }))
}
