import { once } from 'node:events'
import { onTestFinished } from 'vitest'
import { type ClientOptions, WebSocket } from 'ws'

export interface Live {
  readonly socket: WebSocket
  send(message: unknown): void
  /** The next message, or the next one of a type; earlier ones are skipped. */
  next(type?: string): Promise<Record<string, unknown>>
  /** Code and reason of the close. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>
}

/** A real client; rejects with the HTTP status if the upgrade is refused. */
export async function connect(url: string, options: ClientOptions = {}, path = '/ws'): Promise<Live> {
  const socket = new WebSocket(url.replace('http', 'ws') + path, options)
  onTestFinished(() => socket.terminate())
  const waiting: Record<string, unknown>[] = []
  let arrived = Promise.withResolvers<void>()
  socket.on('message', (data) => {
    waiting.push(JSON.parse(data.toString()) as Record<string, unknown>)
    arrived.resolve()
    arrived = Promise.withResolvers()
  })
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on('close', (code, reason) => {
      resolve({ code, reason: reason.toString() })
      arrived.reject(new Error(`closed: ${code} ${reason}`))
      arrived.promise.catch(() => {})
    })
  })
  await Promise.race([once(socket, 'open'), refused(socket)])
  return {
    socket,
    closed,
    send: (message) => socket.send(typeof message === 'string' ? message : JSON.stringify(message)),
    async next(type) {
      for (;;) {
        const message = waiting.shift()
        if (!message) await arrived.promise
        else if (type === undefined || message.type === type) return message
      }
    },
  }
}

async function refused(socket: WebSocket): Promise<never> {
  const [, response] = await once(socket, 'unexpected-response')
  socket.on('error', () => {})
  throw new Error(`refused with ${(response as { statusCode: number }).statusCode}`)
}

/** Connects and subscribes. */
export async function subscribed(
  url: string,
  subscription: Record<string, unknown> = {},
  options: ClientOptions = {},
): Promise<Live> {
  const live = await connect(url, options)
  live.send({ type: 'subscribe', channel: 'prices', ...subscription })
  await live.next('subscribed')
  return live
}
