import { jsonHeaders } from './headers.ts'

/** Bytes of an event stream that may wait for a client; one that reads more slowly loses the stream. */
const MOST_WAITING = 4 * 1024 * 1024

/** An answer of the MCP endpoint with the headers that all answers have, its event stream bounded. */
export function guarded(response: Response): Response {
  const events = response.headers.get('content-type')?.startsWith('text/event-stream')
  const { body, status } = response
  const answer = events && body ? new Response(boundedStream(body), { status, headers: response.headers }) : response
  for (const [name, value] of Object.entries(jsonHeaders)) if (!answer.headers.has(name)) answer.headers.set(name, value)
  return answer
}

/**
 * The same stream, with an error once more than `most` bytes wait to be read. The server writes events as they come and cannot be
 * held back: what a client does not read would be kept in memory.
 */
export function boundedStream(source: ReadableStream<Uint8Array>, most = MOST_WAITING): ReadableStream<Uint8Array> {
  const reader = source.getReader()
  const pump = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return controller.close()
      if ((controller.desiredSize ?? 0) <= 0) throw new Error('the client does not read its events')
      controller.enqueue(value)
    }
  }
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        pump(controller).catch((error: unknown) => {
          controller.error(error)
          reader.cancel(error).catch(() => {})
        })
      },
      cancel: (reason) => reader.cancel(reason),
    },
    new ByteLengthQueuingStrategy({ highWaterMark: most }),
  )
}
