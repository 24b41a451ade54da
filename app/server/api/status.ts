import { z } from 'zod'
import { formatTime } from '../../../lib/src/base/index.ts'
import type { PlatformStatus } from '../../../lib/src/streaming/platform/index.ts'
import { json } from '../headers.ts'
import { groupLags } from '../metrics/lag.ts'
import { defineRoute } from '../route.ts'
import { version } from '../version.ts'
import { count, moment } from './schemas.ts'
import { isoMillis } from './wire.ts'

const publisher = z
  .object({
    source: z.string().describe('the source it reads'),
    state: z.string().describe('what it does now'),
    received: count('records pulled from the source'),
    published: count('records durable in the stream'),
    invalid: count('records put into the dead letters'),
    last_record_time: moment('the greatest time of a published record').optional(),
  })
  .describe('One source on its way into the stream')

const consumer = z
  .object({
    name: z.string(),
    group: z.string().describe('its consumer group'),
    state: z.string().describe('what it does now'),
    read: count('records read'),
    written: count('records stored'),
    dead_lettered: count('records set aside'),
    waiting: count('records read and not yet written'),
    lag: count('records appended and not yet acknowledged; absent while the stream does not answer').optional(),
    trouble: z.string().optional().describe('the code of what keeps it from storing now'),
    last_write_at: moment('when it stored last').optional(),
  })
  .describe('One consumer on the way from the stream into the sinks')

const part = z
  .object({
    name: z.string(),
    state: z.string().describe('what it does now'),
    since: moment('since when'),
    restarts: count('how often it failed and was started again'),
    last_error: z.string().optional().describe('the code of its last failure; the log and /health say more'),
  })
  .describe('A supervised part')

const statusSchema = z
  .object({
    version: z.string().describe('of QiCore'),
    state: z.string().describe('what the platform does now'),
    started_at: moment('when it started').optional(),
    store: z.string().describe('what holds the data'),
    stream: z.string().describe('what carries the records'),
    simulated: z.boolean().describe('whether the simulated market runs now'),
    publishers: z.array(publisher),
    consumers: z.array(consumer),
    parts: z.array(part),
  })
  .describe('What runs, and what it has done since it started')

export const status = defineRoute({
  path: '/api/v1/status',
  name: 'status',
  summary: 'What runs: sources, consumers, engines, and their counts',
  responses: { 200: { description: 'the platform now', schema: statusSchema } },
  errors: ['BAD_REQUEST', 'CLOSED'],
  answer: async ({ platform }) => {
    const lags = await groupLags(platform).catch(() => [])
    return json(JSON.stringify(statusWire(platform.getStatus(), lags)))
  },
})

function statusWire(
  { state, startedAt, store, stream, publishers, consumers, parts }: PlatformStatus,
  lags: Awaited<ReturnType<typeof groupLags>>,
): z.input<typeof statusSchema> {
  const lagOf = (of: string): number | undefined => {
    const found = lags.filter(({ group }) => group === of)
    return found.length > 0 ? found.reduce((sum, { lag }) => sum + lag, 0) : undefined
  }
  return {
    version,
    state,
    ...(startedAt !== undefined && { started_at: isoMillis(startedAt) }),
    store,
    stream,
    simulated: publishers.some(({ source }) => source === 'simulated'),
    publishers: publishers.map(({ source, state, received, published, invalid, lastRecordTime }) => ({
      source,
      state,
      received,
      published,
      invalid,
      ...(lastRecordTime !== null && { last_record_time: formatTime(lastRecordTime) }),
    })),
    consumers: consumers.map(({ name, group, state, read, written, deadLettered, waiting, lastWriteAt, trouble }) => ({
      name,
      group,
      state,
      read,
      written,
      dead_lettered: deadLettered,
      waiting,
      ...(lagOf(group) !== undefined && { lag: lagOf(group) }),
      ...(trouble && { trouble: trouble.error.code }),
      ...(lastWriteAt !== undefined && { last_write_at: isoMillis(lastWriteAt) }),
    })),
    parts: parts.map(({ name, state, since, restarts, lastError }) => ({
      name,
      state,
      since: isoMillis(since),
      restarts,
      ...(lastError && { last_error: lastError.code }),
    })),
  }
}
