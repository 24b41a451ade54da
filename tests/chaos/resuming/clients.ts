import { WebSocket } from 'ws'

/** A message of the server, as far as a client that resumes needs it. */
export interface Message {
  readonly type: string
  readonly data?: unknown
  readonly resume?: string
  readonly error?: { readonly retryable: boolean }
}

export interface Connection {
  /** Cuts it without a word. Nothing is handed in afterwards, even if it had arrived. */
  cut(): void
  /** Settles when it has ended, whoever ended it. */
  readonly ended: Promise<void>
}

/** Opens a connection that goes on from a place: a resume token, or a time. */
export type Connect = (url: string, from: string, receive: (message: Message) => void) => Connection

/** @param more of the subscription */
export const webSocket =
  (more: Readonly<Record<string, unknown>>): Connect =>
  (url, from, receive) => {
    const socket = new WebSocket(new URL('/ws', url.replace('http', 'ws')))
    const ended = Promise.withResolvers<void>()
    let open = true
    socket.on('open', () => socket.send(JSON.stringify({ type: 'subscribe', channel: 'prices', from, ...more })))
    socket.on('message', (text) => {
      const message = JSON.parse(String(text)) as Message
      // The stream is away: it comes back, as after a cut.
      if (message.type === 'error' && message.error?.retryable) socket.terminate()
      else if (open) receive(message)
    })
    // A close follows.
    socket.on('error', () => {})
    socket.on('close', () => {
      open = false
      ended.resolve()
    })
    return {
      ended: ended.promise,
      cut: () => {
        open = false
        socket.terminate()
      },
    }
  }

/** As a browser's EventSource: the address stays, and the id of the last event comes in a header. */
export const eventStream =
  (query: string): Connect =>
  (url, from, receive) => {
    const stop = new AbortController()
    const read = async () => {
      const token = from.startsWith('r1-')
      const { ok, status, body } = await fetch(new URL(`/api/v1/live?${query}${token ? '' : `&from=${from}`}`, url), {
        headers: token ? { 'last-event-id': from } : {},
        signal: stop.signal,
      })
      if (!ok || !body) throw new Error(`refused with ${status}`)
      let waiting = ''
      for await (const text of body.pipeThrough(new TextDecoderStream())) {
        waiting += text
        for (let end = waiting.indexOf('\n\n'); end >= 0; end = waiting.indexOf('\n\n')) {
          const event = waiting.slice(0, end)
          waiting = waiting.slice(end + 2)
          const data = /^data: (.*)$/m.exec(event)?.[1]
          if (data === undefined || stop.signal.aborted) continue
          const message = JSON.parse(data) as Message
          const id = /^id: (.*)$/m.exec(event)?.[1]
          if (id !== message.resume) throw new Error(`the id ${id} is not the token ${message.resume}`)
          receive(message)
        }
      }
    }
    return { ended: read().catch(() => {}), cut: () => stop.abort() }
  }
