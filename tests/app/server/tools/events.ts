import { onTestFinished } from 'vitest'

export interface ServerEvent {
  readonly id: number
  readonly lastEventId: string | undefined
  readonly event: string
  // biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects
  readonly data: Record<string, any>
}

export interface EventsOf {
  readonly status: number
  readonly headers: Headers
  next(): Promise<ServerEvent | undefined>
  close(): Promise<void>
}

/** Reads server-sent events as they come. */
export async function eventsOf(url: string, headers: Readonly<Record<string, string>> = {}): Promise<EventsOf> {
  const gone = new AbortController()
  onTestFinished(() => gone.abort())
  const response = await fetch(url, { headers, signal: gone.signal })
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  return {
    status: response.status,
    headers: response.headers,
    async next() {
      for (;;) {
        const end = text.indexOf('\n\n')
        if (end >= 0) {
          const lines = text.slice(0, end).split('\n')
          text = text.slice(end + 2)
          const field = (name: string) => lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2)
          const [data, id] = [field('data'), field('id')]
          if (data === undefined) continue
          return { id: Number(id), lastEventId: id, event: String(field('event')), data: JSON.parse(data) as ServerEvent['data'] }
        }
        const found = await reader?.read()
        if (!found || found.done) return undefined
        text += found.value
      }
    },
    async close() {
      gone.abort()
    },
  }
}
