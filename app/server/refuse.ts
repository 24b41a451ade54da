import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { problemOf, type ShownError } from './errors.ts'
import { jsonHeaders, PROBLEM_TYPE } from './headers.ts'

/** How long a refused client may keep its connection half open, in milliseconds. */
const LINGER_MS = 1_000

/**
 * Answers a connection outside HTTP's request cycle and frees its descriptor. Nobody watches a socket after an upgrade or a
 * parser error: a client that does not close its own side would keep it for ever.
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
  // Unread bytes would make the close a reset, which takes the answer from the client.
  socket.resume()
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${text}`,
  )
  const linger = setTimeout(() => socket.destroy(), LINGER_MS)
  socket.once('close', () => clearTimeout(linger))
}
