import { z } from 'zod'
import { tlsSettings } from '../../../base/networking/index.ts'
import { defineSink, parseDuration, QiError, quantityText, type RowSink } from '../../../base/types/index.ts'
import { RedisSink } from './RedisSink.ts'
import { NOTIFY } from './script.ts'
import { connectionOf } from './settings.ts'

const DAY_MS = 86_400_000
/** Times of older records would have fewer digits in versions. */
const LONGEST_TTL_MS = 3650 * DAY_MS

const ttlText = quantityText((text) => {
  const ms = parseDuration(text)
  if (ms < DAY_MS || ms > LONGEST_TTL_MS)
    throw new QiError('BAD_REQUEST', `"${text}": give 24h to 3650d, longer than records can be delivered again`)
})

/** Keeps the latest record of each series in Redis. */
export const redis = defineSink({
  name: 'redis',
  summary: 'The latest record of each series in Redis, whatever the order of arrival, with pub/sub or a stream for readers',
  config: z.object({
    url: z
      .string()
      .regex(/^rediss?:\/\/./, 'give redis://HOST:PORT, or rediss:// for TLS')
      .default('redis://127.0.0.1:6379')
      .describe('the server; a path is the number of its database'),
    cluster: z
      .array(z.string().regex(/^rediss?:\/\/./, 'give redis://HOST:PORT, or rediss:// for TLS'))
      .min(1)
      .optional()
      .describe('some servers of a cluster, instead of url; the others are discovered'),
    username: z
      .string()
      .min(1)
      .optional()
      .describe('the user of its access control list; default: that of the address, or "default"'),
    password: z.string().min(1).optional().describe('its password').meta({ secret: true }),
    tls: tlsSettings(undefined, 'the server').prefault({}),
    prefix: z
      .string()
      .regex(/^[A-Za-z0-9._:-]{1,100}$/, 'give letters, digits, and . _ : -')
      .default('qicore')
      .describe('prefix of the keys'),
    ttl: ttlText
      .default('7d')
      .describe('time to keep a record after its own time (of a bar: after its end); older records are left out'),
    notify: z
      .enum(NOTIFY)
      .default('none')
      .describe(
        'pubsub: each new latest record is published on the channel with the name of its key; stream: it is added to the stream PREFIX:TYPE:stream',
      ),
    stream_length: z.int().min(1).max(100_000_000).default(100_000).describe('about how many entries a stream keeps'),
    timeout: quantityText(parseDuration).default('10s').describe('most time for a connection or an answer'),
  }),
  open: async (settings, { name, logger }): Promise<RowSink> => {
    const connection = await connectionOf(name, settings)
    return new RedisSink(connection, {
      name,
      logger,
      prefix: settings.prefix,
      ttlMs: parseDuration(settings.ttl),
      notify: settings.notify,
      streamLength: settings.stream_length,
    })
  },
})
