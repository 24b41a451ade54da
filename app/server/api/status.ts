import { z } from 'zod'
import { formatTime, ORIGINS, type PlatformStatus, type PublisherStats } from '../../../lib/src/base/types/index.ts'
import { version } from '../../version.ts'
import { json } from '../headers.ts'
import { groupLags, rollupStatus } from '../metrics/lag.ts'
import { rateBudgets } from '../metrics/limits.ts'
import { named } from '../openapi/named.ts'
import { defineRoute } from '../route.ts'
import { count, moment } from './schemas.ts'
import { isoMillis } from './wire.ts'

const figures = named(
  'SourceFigures',
  z
    .object({
      waiting: count('records that were pushed and are not pulled yet'),
      paused: z.boolean().describe('true while the sockets are paused, because too many records wait'),
      sockets: count('connections whose subscriptions are all answered'),
      books_verified: count('order books that are verified and current'),
      books: count('order books that are followed'),
      gaps: count('gaps of trades that were found since it was opened'),
      filled: count('trades that were fetched for them'),
      missing: count('trades that were not fetched: too many at once, or the provider did not give them'),
    })
    .describe('Figures of a source that reads sockets'),
)

const publisher = named(
  'PublisherStatus',
  z
    .object({
      source: z.string().describe('name of the source'),
      origin: z.enum(ORIGINS).optional().describe('origin of its newest records; absent before the first'),
      state: z.string().describe('its state'),
      received: count('records pulled from the source'),
      published: count('records durable in the stream'),
      invalid: count('records put into the dead letters'),
      waiting: count('records pulled and not yet durable in the stream'),
      trouble: z.string().optional().describe('error code of the present failure of its provider or of the stream'),
      last_record_time: moment('the greatest time of a published record').optional(),
      figures: figures.optional().describe('absent of a source without sockets'),
    })
    .describe('One source that is published to the stream'),
)

const consumer = named(
  'ConsumerStatus',
  z
    .object({
      name: z.string(),
      pipeline: z.string().describe('name of the pipeline'),
      destination: z.string().describe('name of the destination'),
      group: z.string().describe('its consumer group'),
      state: z.string().describe('its state'),
      read: count('records read'),
      written: count('records added to the destination'),
      overwritten: count('records whose key was stored already: one of the two rows stays'),
      dead_lettered: count('dead letters'),
      skipped: count('records that were skipped, because its lag exceeded its bound'),
      waiting: count('records read and not yet written'),
      lag: count('records appended and not yet acknowledged; absent while the stream does not answer').optional(),
      trouble: z.string().optional().describe('error code of the present failure of its writes'),
      last_write_at: moment('time of the last write').optional(),
    })
    .describe('One delivery: from the stream, by a pipeline, to a destination'),
)

const part = named(
  'PartStatus',
  z
    .object({
      name: z.string(),
      state: z.string().describe('its state'),
      since: moment('start of this state'),
      restarts: count('number of restarts after a failure'),
      last_error: z.string().optional().describe('error code of its last failure; the log and /health have the message'),
    })
    .describe('A supervised part'),
)

const rateLimit = named(
  'RateLimit',
  z
    .object({
      peer: z.string().describe('the service that counts the calls'),
      limit: count('most calls in its window'),
      window_ms: count('length of that window'),
      free: count('calls left now, for all processes that use the key'),
      penalty_ms: count('rest of the penalty, for which the service throttles us; an hour at most'),
      penalty_until: moment('end of the penalty; then one call probes the service').optional(),
      penalty_by: z.string().optional().describe('the answer that caused the penalty'),
    })
    .describe('A rate limit, with the calls that are left'),
)

const rollups = named(
  'RollupLag',
  z
    .object({
      pending: count('written spans of series that are not rolled up yet'),
      lag_ms: count('waiting time of the oldest of them'),
    })
    .describe('Lag of the rolled-up bars behind the written records'),
)

const statusSchema = named(
  'Status',
  z
    .object({
      version: z.string().describe('version of QiCore'),
      state: z.string().describe('state of the platform'),
      started_at: moment('start of the platform').optional(),
      store: z.string().describe('engine of the store'),
      stream: z.string().describe('engine of the stream'),
      simulated: z.boolean().describe('true if the simulated market runs now'),
      publishers: z.array(publisher),
      consumers: z.array(consumer),
      parts: z.array(part),
      rate_limits: z.array(rateLimit).describe('rate limits of sources that were used; empty while the store does not answer'),
      rollups: rollups.optional().describe('absent if rollups are off, and while the store does not answer'),
    })
    .describe('The running parts, with their counts since the start'),
)

export const status = defineRoute({
  path: '/api/v1/status',
  tag: 'Platform',
  name: 'status',
  summary: 'The running sources, deliveries and parts, with their counts',
  responses: { 200: { description: 'the platform now', schema: statusSchema } },
  errors: ['BAD_REQUEST', 'CLOSED'],
  answer: async ({ platform }) => {
    const status = platform.getStatus()
    const [lags, budgets, rolled] = await Promise.all([groupLags(platform), rateBudgets(platform), rollupStatus(platform)])
    return json(JSON.stringify({ ...statusWire(status, lags), ...limitsWire(budgets), ...rollupsWire(rolled) }))
  },
})

const limitsWire = (budgets: Awaited<ReturnType<typeof rateBudgets>>): Pick<z.input<typeof statusSchema>, 'rate_limits'> => ({
  rate_limits: budgets.map(({ service, limit, windowMs, free, penaltyMs, penaltyBy }) => ({
    peer: service,
    limit: Math.floor(limit),
    window_ms: windowMs,
    free: Math.floor(free),
    penalty_ms: Math.ceil(penaltyMs),
    ...(penaltyMs > 0 && { penalty_until: isoMillis(Date.now() + Math.ceil(penaltyMs)) }),
    ...(penaltyBy !== undefined && { penalty_by: penaltyBy }),
  })),
})

const rollupsWire = (status: Awaited<ReturnType<typeof rollupStatus>>): Pick<z.input<typeof statusSchema>, 'rollups'> =>
  status?.keeper ? { rollups: { pending: status.pending, lag_ms: status.lagMs } } : {}

function statusWire(
  { state, startedAt, store, stream, publishers, consumers, parts }: PlatformStatus,
  lags: Awaited<ReturnType<typeof groupLags>>,
): Omit<z.input<typeof statusSchema>, 'rate_limits' | 'rollups'> {
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
    simulated: publishers.some(({ origin }) => origin === 'simulated'),
    publishers: publishers.map(publisherWire),
    consumers: consumers.map(
      ({
        name,
        pipeline,
        destination,
        group,
        state,
        read,
        written,
        overwritten,
        deadLettered,
        skipped,
        waiting,
        lastWriteAt,
        trouble,
      }) => ({
        name,
        pipeline,
        destination,
        group,
        state,
        read,
        written,
        overwritten,
        dead_lettered: deadLettered,
        skipped,
        waiting,
        ...(lagOf(group) !== undefined && { lag: lagOf(group) }),
        ...(trouble && { trouble: trouble.error.code }),
        ...(lastWriteAt !== undefined && { last_write_at: isoMillis(lastWriteAt) }),
      }),
    ),
    parts: parts.map(({ name, state, since, restarts, lastError }) => ({
      name,
      state,
      since: isoMillis(since),
      restarts,
      ...(lastError && { last_error: lastError.code }),
    })),
  }
}

const publisherWire = ({
  source,
  origin,
  state,
  received,
  published,
  invalid,
  inFlight,
  trouble,
  lastRecordTime,
  figures: read,
}: PublisherStats): z.input<typeof publisher> => ({
  source,
  ...(origin && { origin }),
  state,
  received,
  published,
  invalid,
  waiting: inFlight,
  ...(trouble && { trouble: trouble.error.code }),
  ...(lastRecordTime !== null && { last_record_time: formatTime(lastRecordTime) }),
  ...(read && { figures: { ...read, books_verified: read.books.live, books: read.books.all } }),
})
