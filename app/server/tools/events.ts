import { z } from 'zod'
import { type Logger, QiError } from '../../../lib/src/base/types/index.ts'
import type { Job } from '../../../lib/src/mcp-tools/index.ts'
import { jsonHeaders } from '../headers.ts'
import { boundedStream } from '../mcp.ts'
import { defineRoute } from '../route.ts'
import { jobOf } from './jobs.ts'
import { jobWire, known } from './shapes.ts'

/** Interval of comments, so that no proxy closes the connection, in milliseconds. */
const BEAT_MS = 15_000
/** Most streams of events at once. */
const MOST_STREAMS = 256

let streams = 0

export const jobEvents = defineRoute({
  path: '/api/v1/jobs/{id}/events',
  tag: 'Tools',
  name: 'jobEvents',
  summary: 'The progress of a job, as server-sent events',
  description:
    'Each event has the state as name (running, done, failed, cancelled, lost), the job of GET /api/v1/jobs/{id} as data, and the revision as id. The stream ends when the job has ended, and when the token is revoked or expires. A client that reconnects with Last-Event-ID gets the newest state, if it has changed since.',
  params: z.object({ id: z.uuid().describe('id of the job') }),
  headers: z.object({ 'last-event-id': z.string().optional().describe('id of the last event that the client has') }),
  responses: { 200: { description: 'the events', type: 'text/event-stream' } },
  errors: ['BAD_REQUEST', 'NOT_FOUND', 'RATE_LIMITED', 'UNSUPPORTED', 'UNAVAILABLE', 'TIMEOUT', 'CLOSED'],
  answer: async ({ calls, guard, logger }, _query, { caller, params: { id }, header, request }) => {
    await jobOf(calls, id, known(caller))
    if (streams >= MOST_STREAMS)
      throw new QiError('RATE_LIMITED', `too many event streams (${streams}): close some, or poll GET /api/v1/jobs/{id}`, {
        retryAfterMs: 5_000,
      })
    const gone = new AbortController()
    const signal = AbortSignal.any([request.signal, gone.signal])
    const release = guard.whenRevoked(caller?.token, () => gone.abort())
    const end = () => {
      release()
      gone.abort()
    }
    const body = eventStream(calls.watch(id, revisionOf(header('last-event-id')), signal), end, logger)
    return new Response(boundedStream(body), { headers: { ...jsonHeaders, 'content-type': 'text/event-stream; charset=utf-8' } })
  },
})

function eventStream(jobs: AsyncGenerator<Job>, gone: () => void, logger: Logger): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  let beat: NodeJS.Timeout | undefined
  const end = () => {
    if (beat === undefined) return
    clearInterval(beat)
    beat = undefined
    streams--
    gone()
  }
  return new ReadableStream<Uint8Array>({
    start(controller) {
      streams++
      beat = setInterval(() => controller.enqueue(encoder.encode(': the job goes on\n\n')), BEAT_MS)
      const pump = async () => {
        for await (const job of jobs)
          controller.enqueue(
            encoder.encode(`id: ${job.revision}\nevent: ${job.state}\ndata: ${JSON.stringify(jobWire(job))}\n\n`),
          )
        end()
        controller.close()
      }
      pump().catch((error: unknown) => {
        const open = beat !== undefined
        end()
        if (!open) return
        logger.debug({ err: error }, 'a stream of events ended early')
        controller.error(error)
      })
    },
    cancel: end,
  })
}

const revisionOf = (lastEventId: string | undefined): number => (/^\d{1,9}$/.test(lastEventId ?? '') ? Number(lastEventId) : 0)
