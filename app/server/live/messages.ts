import { z } from 'zod'
import { latestPricesQuery, parseQuery } from '../../../lib/src/base/database/index.ts'
import { QiError, suggest } from '../../../lib/src/base/types/index.ts'
import { errorObject } from '../errors.ts'
import { named } from '../openapi/named.ts'
import { channelNames } from './channels.ts'
import { MOST_TOKEN } from './token.ts'

const channel = z.enum(channelNames).describe('the kind of record')
const { coins, sources, currencies } = latestPricesQuery.shape
const id = z
  .union([z.string().max(100), z.number()])
  .optional()
  .describe('id of your own choice, repeated in the answer')
const told = <T extends string>(type: T) => ({ type: z.literal(type) })

const from = z
  .string()
  .min(1)
  .max(MOST_TOKEN)
  .optional()
  .describe(
    'where to begin: the `resume` of the last message that you processed, or a time; every record after it follows. A client that gives `from` never gets `dropped`',
  )

/** Messages that a client may send, by type. */
export const clientMessages = {
  auth: z
    .object({ ...told('auth'), id, token: z.string().describe('the bearer token') })
    .describe('First message of a client that could not send an Authorization header'),
  subscribe: z
    .object({
      ...told('subscribe'),
      id,
      channel,
      coins: coins.describe('only these: ids, tickers or names, such as bitcoin or BTC; all when left out'),
      sources: sources.describe('only these sources; all when left out'),
      currencies: currencies.describe('only figures in these currencies; all when left out'),
      batch: z.boolean().default(false).describe('true: several records in one message of type "records"'),
      from,
      snapshot: z
        .boolean()
        .default(false)
        .describe('true: first the latest row of each series, as in GET /api/v1/prices/latest; only for the channel prices'),
    })
    .describe(
      'After the acknowledgement every new record that matches is sent; with `from` older ones are sent before. A second subscription to a channel replaces the first',
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
const record = z.record(z.string(), z.unknown()).describe('the record as in the topic, with the schema of the channel')

const resume = z
  .string()
  .describe('give it as `from` of a later subscription to the same channel: every record after this message follows, none twice')
const offset = z.number().int().nonnegative()

/** Messages of the server, by type. */
export const serverMessages = {
  authorized: z.object({ ...told('authorized'), id }).describe('The token was accepted'),
  subscribed: z
    .object({ ...told('subscribed'), id, ...filters, batch: z.boolean(), resume: resume.optional() })
    .describe('Acknowledges a subscription. Without `resume` a snapshot comes first'),
  unsubscribed: z.object({ ...told('unsubscribed'), id, channel }).describe('Acknowledges the end of a subscription'),
  record: z.object({ ...told('record'), channel, data: record, resume }).describe('One record'),
  records: z
    .object({ ...told('records'), channel, data: z.array(record), resume })
    .describe('Several records, for a subscription with `batch`'),
  snapshot: z
    .object({
      ...told('snapshot'),
      channel,
      data: z.array(record),
      complete: z.boolean().describe('true in the last message of the snapshot'),
      resume: resume.optional(),
    })
    .describe(
      'The latest row of each series, in one or several messages; the last one has `resume`. Records after it may repeat rows of the snapshot',
    ),
  position: z
    .object({ ...told('position'), channel, resume })
    .describe('The stream was read up to here and no record matched: keep this `resume` instead of the one before'),
  gone: z
    .object({
      ...told('gone'),
      channel,
      partitions: z
        .array(
          named(
            'GonePartition',
            z
              .object({
                partition: offset,
                from: offset.optional().describe('the first offset that is gone; absent if a time was given'),
                to: offset.describe('the first offset after them that is kept'),
              })
              .describe('Offsets of one partition that are not kept any more'),
          ),
        )
        .describe('the offsets that the stream does not keep any more'),
      since: z.iso.datetime().optional().describe('when the last record before them was appended, or the time that was given'),
      history: z
        .string()
        .optional()
        .describe('address of the stored records since `since`, to GET; absent if there is no history'),
      message: z.string().describe('how to get them'),
    })
    .describe('Records after `from` are not in the stream any more; it goes on with the oldest record that is kept'),
  dropped: z
    .object({ ...told('dropped'), channel, records: z.number().int(), resume })
    .describe(
      'Records were dropped because the client read too slowly. `resume` is the place before them: subscribe from there to get them',
    ),
  interrupted: z
    .object({ ...told('interrupted'), message: z.string() })
    .describe('The stream cannot be read now; reading is retried'),
  resumed: z.object(told('resumed')).describe('The stream is read again, from the place of the interruption'),
  pong: z.object({ ...told('pong'), id }).describe('Answers a ping'),
  error: z.object({ ...told('error'), id, error: errorObject }).describe('A message was not accepted; the connection stays'),
} as const

type Told = { [T in keyof typeof serverMessages]: z.input<(typeof serverMessages)[T]> }
export type ServerMessage = Told[keyof Told]

export const INTERRUPTED = {
  type: 'interrupted',
  message: 'the stream cannot be read now; reading is retried, and resumes at the same place',
} as const satisfies ServerMessage

/** @throws QiError BAD_REQUEST naming the field, its value and what to do */
export function readMessage(text: string): ClientMessage {
  const wire = parse(text)
  const { type } = wire
  const known = Object.keys(clientMessages)
  if (typeof type !== 'string' || !known.includes(type))
    throw new QiError(
      'BAD_REQUEST',
      `type ${JSON.stringify(type)?.slice(0, 60) ?? 'is missing'}: unknown message${suggest(String(type ?? ''), known)}`,
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
