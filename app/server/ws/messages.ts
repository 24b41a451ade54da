import { z } from 'zod'
import { latestPricesQuery, parseQuery, QiError, suggest } from '../../../lib/src/base/index.ts'
import { errorObject } from '../errors.ts'
import { channelNames } from './channels.ts'

const channel = z.enum(channelNames).describe('the kind of record')
const { coins, sources, currencies } = latestPricesQuery.shape
const id = z
  .union([z.string().max(100), z.number()])
  .optional()
  .describe('comes back in the answer')
const told = <T extends string>(type: T) => ({ type: z.literal(type) })

/** What a client may send, by type. */
export const clientMessages = {
  auth: z
    .object({ ...told('auth'), id, token: z.string().describe('the bearer token') })
    .describe('First message of a client that could not send an Authorization header'),
  subscribe: z
    .object({
      ...told('subscribe'),
      id,
      channel,
      coins: coins.describe("only these of the source's ids, such as bitcoin; all when left out"),
      sources: sources.describe('only these sources; all when left out'),
      currencies: currencies.describe('only figures in these currencies; all when left out'),
      batch: z.boolean().default(false).describe('several records in one message, of type "records"'),
    })
    .describe(
      'From its acknowledgement on, every record that is appended and matches is sent. A second one for the same channel replaces the first',
    ),
  unsubscribe: z.object({ ...told('unsubscribe'), id, channel }).describe('Ends a subscription'),
  ping: z.object({ ...told('ping'), id }).describe('Answered by a pong'),
} as const

type Messages = { [T in keyof typeof clientMessages]: z.output<(typeof clientMessages)[T]> }
export type ClientMessage = Messages[keyof Messages]
export type Subscribe = Messages['subscribe']

const filters = {
  channel,
  coins: z.array(z.string()).optional(),
  sources: z.array(z.string()).optional(),
  currencies: z.array(z.string()).optional(),
}
const record = z.record(z.string(), z.unknown()).describe('the record as it lies in the topic: the schema of the channel')

/** What the server sends, by type. */
export const serverMessages = {
  authorized: z.object({ ...told('authorized'), id }).describe('The token was accepted'),
  subscribed: z.object({ ...told('subscribed'), id, ...filters, batch: z.boolean() }).describe('Acknowledges a subscription'),
  unsubscribed: z.object({ ...told('unsubscribed'), id, channel }).describe('Acknowledges its end'),
  record: z.object({ ...told('record'), channel, data: record }).describe('One record'),
  records: z
    .object({ ...told('records'), channel, data: z.array(record) })
    .describe('Several records, where batch was asked for'),
  dropped: z
    .object({ ...told('dropped'), channel, records: z.number().int() })
    .describe('So many records were left out because the client read too slowly'),
  interrupted: z
    .object({ ...told('interrupted'), message: z.string() })
    .describe('The stream cannot be read just now; it is tried again'),
  resumed: z.object(told('resumed')).describe('The stream is read again, from where it was interrupted'),
  pong: z.object({ ...told('pong'), id }).describe('Answers a ping'),
  error: z.object({ ...told('error'), id, error: errorObject }).describe('A message was not accepted; the connection stays'),
} as const

type Told = { [T in keyof typeof serverMessages]: z.input<(typeof serverMessages)[T]> }
export type ServerMessage = Told[keyof Told]

/** @throws QiError BAD_REQUEST naming the field, its value and what to do */
export function readMessage(text: string): ClientMessage {
  const wire = parse(text)
  const { type } = wire
  const known = Object.keys(clientMessages)
  if (typeof type !== 'string' || !known.includes(type))
    throw new QiError(
      'BAD_REQUEST',
      `type ${JSON.stringify(type)?.slice(0, 60) ?? 'is missing'}: no such message${suggest(String(type ?? ''), known)}`,
      { field: 'type' },
    )
  const schema = clientMessages[type as keyof typeof clientMessages] as z.ZodObject
  return parseQuery(schema, wire) as ClientMessage
}

function parse(text: string): Record<string, unknown> {
  let wire: unknown
  try {
    wire = JSON.parse(text)
  } catch (error) {
    throw new QiError(
      'BAD_REQUEST',
      `a message is a JSON object such as {"type":"subscribe","channel":"prices"}: ${(error as Error).message.slice(0, 100)}`,
    )
  }
  if (wire === null || typeof wire !== 'object' || Array.isArray(wire))
    throw new QiError('BAD_REQUEST', 'a message is a JSON object such as {"type":"subscribe","channel":"prices"}')
  return wire as Record<string, unknown>
}
