import { once } from 'node:events'
import { createServer as createHttpServer, type RequestListener } from 'node:http'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import zlib from 'node:zlib'
import { onTestFinished } from 'vitest'

/** An HTTP server of a test. @returns its address */
export async function httpServer(answer: RequestListener, host = '127.0.0.1'): Promise<string> {
  const server = createHttpServer(answer).listen(0, host)
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://${host}:${(server.address() as AddressInfo).port}`
}

/** A server below HTTP: it gets each connection once a request has come. */
export async function rawServer(answer: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('data', () => answer(socket))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Writes for as long as the other side reads. @returns how many bytes went out */
export function writeWithoutEnd(socket: Socket, chunk: Buffer): { readonly bytes: () => number } {
  const go = () => {
    if (socket.destroyed) return
    while (socket.write(chunk));
  }
  socket.on('drain', go)
  go()
  return { bytes: () => socket.bytesWritten }
}

/** So many bytes of blanks, packed by gzip: a thousandth of that. */
export async function gzipBomb(bytes: number): Promise<Buffer> {
  const gzip = zlib.createGzip({ level: 9 })
  const parts: Buffer[] = []
  gzip.on('data', (part: Buffer) => parts.push(part))
  const blanks = Buffer.alloc(1 << 20, ' ')
  for (let left = bytes; left > 0; left -= blanks.length) if (!gzip.write(blanks)) await once(gzip, 'drain')
  gzip.end()
  await once(gzip, 'end')
  return Buffer.concat(parts)
}
