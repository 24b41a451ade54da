import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { problemOf, type ShownError } from './errors.ts'
import { jsonHeaders, PROBLEM_TYPE } from './headers.ts'

/** Longest time until a refused client closes its side of the connection, in milliseconds. */
const LINGER_MS = 1_000

/**
 * Answers a connection outside HTTP's request cycle and frees its descriptor. After an upgrade or a parser error Node has no timeout for a
 * socket: a client that does not close its side would keep it open for ever.
 */
export function refuseOn(socket: Duplex, shown: ShownError): void {
  const { status, headers } = shown
  const text = JSON.stringify(problemOf(shown))
  const lines = Object.entries({
    ...jsonHeaders,
    'content-type': PROBLEM_TYPE,
    ...headers,
    'content-length': String(Buffer.byteLength(text)),
    connection: 'close',
  })
  socket.on('error', () => {})
  // With unread bytes the close would be a reset, and the client would lose the answer.
  socket.resume()
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${text}`,
  )
  const linger = setTimeout(() => socket.destroy(), LINGER_MS)
  socket.once('close', () => clearTimeout(linger))
}
