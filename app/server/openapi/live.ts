import type { z } from 'zod'
import { PROBLEM_TYPE } from '../headers.ts'
import { clientMessages, serverMessages } from '../ws/messages.ts'
import type { Schema, Schemas } from './schemas.ts'

const DESCRIPTION = `A WebSocket. The client sends one JSON object a message (LiveClientMessage), the server answers and sends records (LiveServerMessage).

With a token: the Authorization header, or as first message \`{"type":"auth","token":"…"}\`, within three seconds. Afterwards a
message that is not accepted is answered with an error and the connection stays. A client that reads too slowly loses records, and
is told how many. Messages beyond 50 a second wait. Close codes: 1001 the server stops, 1008 too many messages at once, 1009 a
message is too large, 1013 too many clients, 4401 no token, a wrong one, or one that was revoked or has expired since.`

/** OpenAPI has no words for a WebSocket: its handshake is an operation, its messages are schemas. */
export function live(schemas: Schemas, responses: Readonly<Record<number, unknown>>): Record<string, unknown> {
  const oneOf = (description: string, messages: Readonly<Record<string, z.ZodType>>): Schema => ({
    description,
    oneOf: Object.values(messages).map((message) => schemas.use(message)),
  })
  schemas.put('LiveClientMessage', oneOf('What a client may send over the WebSocket', clientMessages))
  schemas.put('LiveServerMessage', oneOf('What the server sends over the WebSocket', serverMessages))
  const error = (description: string) => ({
    description,
    content: { [PROBLEM_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } },
  })
  return {
    operationId: 'live',
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
