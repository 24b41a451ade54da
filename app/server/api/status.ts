import { z } from 'zod'
import { formatTime, ORIGINS, type PlatformStatus } from '../../../lib/src/base/index.ts'
import { json } from '../headers.ts'
import { groupLags, rollupStatus } from '../metrics/lag.ts'
import { rateBudgets } from '../metrics/limits.ts'
import { defineRoute } from '../route.ts'
import { version } from '../version.ts'
import { count, moment } from './schemas.ts'
import { isoMillis } from './wire.ts'

const publisher = z
  .object({
    source: z.string().describe('the source it reads'),
    origin: z.enum(ORIGINS).optional().describe('that of its newest records; left out before the first'),
    state: z.string().describe('what it does now'),
    received: count('records pulled from the source'),
    published: count('records durable in the stream'),
    invalid: count('records put into the dead letters'),
    waiting: count('records pulled and not yet durable in the stream'),
    trouble: z.string().optional().describe('the code of what keeps it from its provider or from the stream now'),
    last_record_time: moment('the greatest time of a published record').optional(),
  })
  .describe('One source on its way into the stream')

const consumer = z
  .object({
    name: z.string(),
    pipeline: z.string().describe('what it brings'),
    destination: z.string().describe('where it brings it'),
    group: z.string().describe('its consumer group'),
    state: z.string().describe('what it does now'),
    read: count('records read'),
    written: count('records added to the destination'),
    overwritten: count('records whose key was there already: one of the two stays'),
    dead_lettered: count('dead letters'),
    skipped: count('records that were not delivered before its lag was over its bound'),
    waiting: count('records read and not yet written'),
    lag: count('records appended and not yet acknowledged; absent while the stream does not answer').optional(),
    trouble: z.string().optional().describe('the code of what keeps it from writing now'),
    last_write_at: moment('when it wrote last').optional(),
  })
  .describe('One delivery: what a pipeline brings from the stream to a destination')

const part = z
  .object({
    name: z.string(),
    state: z.string().describe('what it does now'),
    since: moment('since when'),
    restarts: count('how often it failed and was started again'),
    last_error: z.string().optional().describe('the code of its last failure; the log and /health say more'),
  })
  .describe('A supervised part')

const rateLimit = z
  .object({
    peer: z.string().describe('who counts the calls'),
    limit: count('the most calls in its window'),
    window_ms: count('length of that window'),
    free: count('calls that may be made at once, by all processes that use the key'),
    penalty_ms: count('for how much longer the peer asked to be left alone; an hour at most'),
    penalty_until: moment('until when; then one call probes it').optional(),
    penalty_by: z.string().optional().describe('the answer that asked for it'),
  })
  .describe('What is left of a rate limit')

const rollups = z
  .object({
    pending: count('stretches of series that were written and are not rolled up yet'),
    lag_ms: count('for how long the oldest of them has waited'),
  })
  .describe('How far bars of a minute and longer are behind what was written')

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
    rate_limits: z.array(rateLimit).describe('of the sources that were used; empty while the store does not answer'),
    rollups: rollups.optional().describe('absent where nothing is rolled up, and while the store does not answer'),
  })
  .describe('What runs, and what it has done since it started')

export const status = defineRoute({
  path: '/api/v1/status',
  name: 'status',
  summary: 'What runs: sources, deliveries, engines, and their counts',
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
    publishers: publishers.map(({ source, origin, state, received, published, invalid, inFlight, trouble, lastRecordTime }) => ({
      source,
      ...(origin && { origin }),
      state,
      received,
      published,
      invalid,
      waiting: inFlight,
      ...(trouble && { trouble: trouble.error.code }),
      ...(lastRecordTime !== null && { last_record_time: formatTime(lastRecordTime) }),
    })),
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
