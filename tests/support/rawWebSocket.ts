import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout } from 'node:timers/promises'

export const TEXT = 0x1
export const PING = 0x9
export const PONG = 0xa

/** A masked frame of a client; up to 65,535 bytes. */
export function frame(opcode: number, text: string): Buffer {
  const payload = Buffer.from(text)
  const length = payload.length < 126 ? [payload.length] : [126, payload.length >> 8, payload.length & 255]
  // A mask of zeros leaves the payload as it is.
  return Buffer.concat([Buffer.from([0x80 | opcode, 0x80 | (length[0] as number), ...length.slice(1), 0, 0, 0, 0]), payload])
}

export const upgradeRequest = (headers: Readonly<Record<string, string>> = {}): string =>
  `GET /ws HTTP/1.1\r\n${Object.entries({
    host: '127.0.0.1',
    upgrade: 'websocket',
    connection: 'Upgrade',
    'sec-websocket-key': randomBytes(16).toString('base64'),
    'sec-websocket-version': '13',
    ...headers,
  })
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')}\r\n`

/** A connection that stays half open when the server ends its side, as that of a client that does not care. */
export function dial(port: number, sent = '', host = '127.0.0.1'): Socket {
  const socket = connect({ port, host, allowHalfOpen: true })
  socket.on('error', () => {})
  if (sent) socket.write(sent)
  return socket
}

/** A WebSocket that reads nothing after the handshake. */
export async function dialWebSocket(port: number, headers: Readonly<Record<string, string>> = {}): Promise<Socket> {
  const socket = dial(port, upgradeRequest(headers))
  const [head] = (await once(socket, 'data')) as [Buffer]
  if (!head.toString().startsWith('HTTP/1.1 101')) throw new Error(head.toString().split('\r\n')[0])
  return socket.pause()
}

/** Writes until the other side has taken nothing for `stillMs`, or the connection ends; @returns the bytes that were taken */
export async function flood(socket: Socket, chunk: Buffer, { stillMs = 500, most = 200_000_000 } = {}): Promise<number> {
  const taken = () => socket.bytesWritten - socket.writableLength
  for (let before = -1; !socket.destroyed && taken() < most; ) {
    if (socket.writableLength < 1_000_000) socket.write(chunk)
    else {
      before = taken()
      await setTimeout(stillMs)
      if (taken() === before) break
    }
    await setTimeout(0)
  }
  return taken()
}
