import { type EventsOf, eventsOf } from './tools/events.ts'

export interface LiveEventSource extends Pick<EventsOf, 'headers' | 'close'> {
  /** The next message, or the next one of a type; earlier ones are skipped. Rejects when the stream has ended. */
  next(type?: string): Promise<Record<string, unknown>>
  /** The id of the last event that was read. */
  readonly lastId: string | undefined
}

/** A client of `/api/v1/live` that reads one message at a time. Rejects with status and text of a refusal. */
export async function liveEvents(
  url: string,
  query: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<LiveEventSource> {
  const events = await eventsOf(`${url}/api/v1/live?${query}`, headers)
  if (events.status !== 200) throw new Error(`refused with ${events.status}`)
  let lastId: string | undefined
  return {
    headers: events.headers,
    close: events.close,
    get lastId() {
      return lastId
    },
    async next(type) {
      for (let event = await events.next(); event; event = await events.next()) {
        lastId = event.lastEventId ?? lastId
        if (type === undefined || event.data.type === type) return event.data
      }
      throw new Error('the stream has ended')
    },
  }
}
