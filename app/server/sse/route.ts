import { z } from 'zod'
import { latestPricesQuery } from '../../../lib/src/base/database/index.ts'
import { channelNames } from '../live/channels.ts'
import { clientMessages } from '../live/messages.ts'
import { MOST_TOKEN } from '../live/token.ts'
import { defineRoute } from '../route.ts'
import { known } from '../tools/shapes.ts'
import { EVENT_HEADERS } from './LiveEvents.ts'

const { coins, sources, currencies } = latestPricesQuery.shape
const { from, snapshot, batch } = clientMessages.subscribe.shape
const flag = (description = '') =>
  z.union([z.boolean(), z.stringbool()], { error: 'must be true or false' }).default(false).describe(description)

export const liveEvents = defineRoute({
  path: '/api/v1/live',
  tag: 'Live',
  name: 'liveEvents',
  summary: 'Live records of a channel, as server-sent events that resume by themselves',
  description: `The same messages as over the WebSocket (LiveServerMessage), each as the data of one event, with its \`resume\` as id. After a disconnection a browser's EventSource reconnects with that id as Last-Event-ID: every record after it follows, none twice. The header takes precedence over \`from\` and \`snapshot\`. No record is dropped for a slow client: it gets records as fast as it reads, or is cut off and resumes. The stream ends when the token is revoked or expires, and when the server stops. A comment is sent every 15 s.`,
  query: z.object({
    channel: z.enum(channelNames).describe('the kind of record'),
    coins,
    sources,
    currencies,
    batch: flag(batch.description),
    from: from.describe(`${from.description}; Last-Event-ID takes precedence`),
    snapshot: flag(snapshot.description),
  }),
  headers: z.object({
    'last-event-id': z.string().max(MOST_TOKEN).optional().describe('id of the last event that the client has processed'),
  }),
  responses: { 200: { description: 'events, until the client leaves', type: 'text/event-stream' } },
  errors: ['BAD_REQUEST', 'NOT_FOUND', 'RATE_LIMITED', 'UNAVAILABLE', 'TIMEOUT', 'CLOSED'],
  answer: async ({ events }, { from: wanted, snapshot: asked, ...query }, { caller, header, request }) => {
    const by = known(caller)
    if (request.method === 'HEAD') return new Response(null, { headers: EVENT_HEADERS })
    const last = header('last-event-id')
    const resumed = last === undefined || last === '' ? undefined : { text: last, field: 'last-event-id' }
    const start = resumed ?? (wanted === undefined ? undefined : { text: wanted, field: 'from' })
    return events.open({ ...query, from: start, snapshot: asked && !resumed }, by)
  },
})
