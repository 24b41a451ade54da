import { maxHeaderSize } from 'node:http'
import type { Duplex } from 'node:stream'
import { QiError, silentLogger } from '../../lib/src/base/types/index.ts'
import { showError } from './errors.ts'
import { refuseOn } from './refuse.ts'

interface Malformed {
  readonly status: number
  readonly field: string
  readonly message: string
}

const KNOWN: Readonly<Record<string, Malformed>> = {
  HPE_HEADER_OVERFLOW: {
    status: 431,
    field: 'url',
    message: `the address and the headers are longer than ${maxHeaderSize} bytes: ask for less at once`,
  },
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, field: 'request', message: 'the request did not arrive in time: send it faster' },
}
const OTHER: Malformed = { status: 400, field: 'request', message: 'this is not HTTP/1.1: send "GET /path HTTP/1.1" and headers' }

/** Refuses bytes that are no HTTP request in the form of any other error: as JSON, with field and remedy. */
export function answerMalformed({ code = '' }: NodeJS.ErrnoException, socket: Duplex): void {
  if (code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const { status, field, message } = KNOWN[code] ?? OTHER
  const shown = showError(new QiError('BAD_REQUEST', message, { field }), silentLogger, 'a malformed request')
  refuseOn(socket, { ...shown, status })
}
