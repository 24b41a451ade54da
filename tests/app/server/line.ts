import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import { freePort } from '../../../bench/freePort.ts'

/** A proxy to a server that can be cut, as if the server's machine were gone. */
export async function openLine(target: string): Promise<{ readonly url: string; cut(): Promise<void>; mend(): Promise<void> }> {
  const { hostname, port } = new URL(target)
  const sockets = new Set<Socket>()
  const server: Server = createServer((near) => {
    const far = connect(Number(port), hostname)
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        other.destroy()
      })
      socket.pipe(other)
    }
  })
  const listen = async (at: number) => {
    server.listen(at, '127.0.0.1')
    await once(server, 'listening')
  }
  const own = await freePort()
  await listen(own)
  const cut = async () => {
    const closed = once(server, 'close')
    server.close()
    for (const socket of sockets) socket.destroy()
    await closed
  }
  onTestFinished(() => (server.listening ? cut() : undefined))
  const url = new URL(target)
  url.host = `127.0.0.1:${own}`
  return { url: url.href, cut, mend: () => listen(own) }
}
