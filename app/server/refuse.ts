import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { ShownError } from './errors.ts'
import { jsonHeaders } from './headers.ts'

/** Answers in plain HTTP what is no request for a route, and ends the connection. */
export function refuseOn(socket: Duplex, { status, body, headers }: ShownError): void {
  const text = JSON.stringify(body)
  const lines = Object.entries({
    ...jsonHeaders,
    ...headers,
    'content-length': String(Buffer.byteLength(text)),
    connection: 'close',
  })
  socket.on('error', () => {})
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${text}`,
  )
}
