import type { z } from 'zod'
import { PROBLEM_TYPE } from '../headers.ts'
import { clientMessages, serverMessages } from '../live/messages.ts'
import { named } from './named.ts'
import { pascal } from './pascal.ts'
import type { Schema, Schemas } from './schemas.ts'
import type { Tag } from './tags.ts'

const DESCRIPTION = `A WebSocket. The client sends one JSON object a message (LiveClientMessage), the server answers and sends records (LiveServerMessage).

If a token is needed, send it in the Authorization header, or within three seconds as first message \`{"type":"auth","token":"…"}\`. Later a
message that is not accepted is answered with an error, and the connection stays. Each message with records has a \`resume\`: give it as \`from\` of a later
subscription to get every record after it, none twice. A client that gave no \`from\` and reads too slowly loses records: the message \`dropped\` says how many, and
from where to resume. Messages beyond 50 a second wait. Close codes: 1001 the server stops, 1008 too many messages at once, 1009 a
message is too large, 1013 too many clients, 4401 the token is missing, wrong, revoked or expired.`

/** OpenAPI cannot describe a WebSocket: its handshake is documented as an operation, its messages as schemas. */
export function live(schemas: Schemas, responses: Readonly<Record<number, unknown>>): Record<string, unknown> {
  const oneOf = (description: string, messages: Readonly<Record<string, z.ZodType>>, suffix = ''): Schema => {
    const kinds: readonly (readonly [string, Schema])[] = Object.entries(messages).map(([type, message]) => [
      type,
      schemas.use(named(`Live${pascal(type)}${suffix}`, message)),
    ])
    return {
      description,
      oneOf: kinds.map(([, schema]) => schema),
      discriminator: { propertyName: 'type', mapping: Object.fromEntries(kinds.map(([type, { $ref }]) => [type, $ref])) },
    }
  }
  schemas.put('LiveClientMessage', oneOf('A message of a client over the WebSocket', clientMessages, 'Request'))
  schemas.put('LiveServerMessage', oneOf('A message of the server over the WebSocket', serverMessages))
  const error = (description: string) => ({
    description,
    content: { [PROBLEM_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } },
  })
  return {
    operationId: 'live',
    tags: ['Live' satisfies Tag],
    summary: 'Live subscriptions, over WebSocket',
    description: DESCRIPTION,
    responses: {
      101: { description: 'switched to WebSocket' },
      400: error('no upgrade was asked for, or a parameter was given'),
      ...responses,
      429: error('too many WebSocket clients'),
    },
  }
}
