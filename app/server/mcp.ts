import { jsonHeaders } from './headers.ts'

/** Most bytes of an event stream that wait for a client; beyond that the stream is closed. */
const MOST_WAITING = 4 * 1024 * 1024

/** An event stream that ends within this time is sent as one body, in milliseconds: three writes cost more than a small call. */
const AT_ONCE_MS = 25

/** An answer of the MCP endpoint with the headers of all answers, and a bounded event stream. */
export async function guarded({ body, status, headers }: Response): Promise<Response> {
  const all = { ...jsonHeaders, ...Object.fromEntries(headers) }
  return new Response(body && (await sentOf(body, headers)), { status, headers: all })
}

async function sentOf(body: ReadableStream<Uint8Array>, headers: Headers): Promise<Uint8Array | ReadableStream<Uint8Array>> {
  const events = headers.get('content-type')?.startsWith('text/event-stream')
  const late = Promise.withResolvers<void>()
  const timer = events ? setTimeout(late.resolve, AT_ONCE_MS) : undefined
  const reader = body.getReader()
  const chunks: Uint8Array[] = []
  try {
    for (;;) {
      const reading = reader.read()
      const read = await Promise.race([reading, late.promise])
      if (!read) return boundedFrom(reader, { chunks, reading })
      if (read.done) return chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks)
      chunks.push(read.value)
    }
  } finally {
    clearTimeout(timer)
  }
}

/**
 * The same stream, with an error once more than `most` bytes wait to be read. The source has no backpressure: without a bound the events that
 * a client does not read would stay in memory.
 */
export const boundedStream = (source: ReadableStream<Uint8Array>, most = MOST_WAITING): ReadableStream<Uint8Array> => {
  const reader = source.getReader()
  return boundedFrom(reader, { chunks: [], reading: reader.read() }, most)
}

/** @param begun chunks that were read already, and the pending read */
function boundedFrom(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  begun: { readonly chunks: readonly Uint8Array[]; readonly reading: ReturnType<typeof reader.read> },
  most = MOST_WAITING,
): ReadableStream<Uint8Array> {
  const pump = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
    for (const chunk of begun.chunks) controller.enqueue(chunk)
    for (let reading = begun.reading; ; reading = reader.read()) {
      const { done, value } = await reading
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
