import {
  type CheckResult,
  countOf,
  type DeliveryStats,
  type PartHealth,
  type PartStatus,
  type PublisherStats,
  type Trouble,
} from '../../../base/types/index.ts'
import { SKIP_REMEDY, type Skip } from '../../pipelines/index.ts'

/** The reason why the fallback runs in the default source's place, and since when (milliseconds since 1970). */
export interface Fallback {
  readonly reason: string
  readonly since: number
}

export const describeFallback = (name: string, { reason, since }: Fallback): PartHealth => ({
  name,
  since,
  status: 'degraded',
  summary: `${reason}; fallback: the simulated market`,
  action: 'it is retried until it answers',
})

/** Health of an engine by its check. */
export const describeEngine = (
  name: string,
  { ok, summary, error, remedy, degraded }: CheckResult,
): Omit<PartHealth, 'since'> => ({
  name,
  status: ok ? 'up' : degraded ? 'degraded' : 'down',
  summary,
  ...(error && { code: error.code }),
  ...(!ok && { action: ['it is retried until it answers', remedy].filter(Boolean).join('; ') }),
})

/** How long health shows damaged bytes and skipped ranges: an hour, so that somebody who looks now and then sees them. */
const SHOWN_MS = 60 * 60_000

/** Health of a delivery that has skipped records; undefined once that is over an hour ago. */
export function describeSkip(name: string, { at, error }: Pick<Skip, 'at' | 'error'>): PartHealth | undefined {
  if (Date.now() - at >= SHOWN_MS) return undefined
  return { name, status: 'degraded', since: at, summary: error.message, code: error.code, action: SKIP_REMEDY }
}

/** Statistics of deliveries and publishers, which know troubles that the supervisor does not. */
export interface WorkStats {
  readonly consumers: readonly DeliveryStats[]
  readonly publishers: readonly PublisherStats[]
}

/** Health of a supervised part. A part that runs may still have trouble, which it handles by itself. */
export function describePart(part: PartStatus, { consumers, publishers }: WorkStats): PartHealth {
  const { name, state, since, restarts } = part
  if (state === 'restarting') {
    const again = part.retryAt === undefined ? '' : ` in ${seconds(part.retryAt)}`
    const times = restarts > 0 ? `; it was ${countOf(restarts, 'time')} before` : ''
    return {
      name,
      status: 'degraded',
      since: part.failingSince ?? since,
      summary: part.lastError?.message ?? 'failed',
      ...(part.lastError && { code: part.lastError.code }),
      action: `it is restarted${again}${times}`,
    }
  }
  if (state === 'failed')
    return {
      name,
      status: 'down',
      since,
      summary: part.lastError?.message ?? 'failed',
      ...(part.lastError && { code: part.lastError.code }),
      action: 'it is not restarted by itself: fix the cause, then start it (stream_crypto_data) or restart the platform',
    }
  const consumer = consumers.find((one) => name === `consumer ${one.name}`)
  const skipped = consumer?.skip && describeSkip(name, consumer.skip)
  if (consumer?.trouble) return withSkip(troubledDelivery(name, consumer, consumer.trouble), skipped)
  if (skipped) return skipped
  const damage = consumer?.damage
  if (damage && Date.now() - damage.at < SHOWN_MS)
    return {
      name,
      status: 'degraded',
      since: damage.at,
      summary: damage.error.message,
      code: damage.error.code,
      action:
        'reading went on after the damaged bytes, which are in the dead letters (qicore dlq list); fetch the records from their source again (qicore backfill), and check disk and memory of the machine that keeps the stream',
    }
  const publisher = publishers.find(({ source }) => name === `source ${source}`)
  if (publisher?.trouble)
    return publisher.state === 'degraded'
      ? troubled(name, publisher.trouble, 'the append is retried', 'until it succeeds; reading from the source goes on then')
      : troubled(name, publisher.trouble, 'it is retried', 'until it answers')
  const [warning, ...more] = publisher?.warnings ?? []
  if (!warning) return { name, status: 'up', since, summary: state }
  const others =
    more.length > 0
      ? `; ${more.length > 3 ? `${more.length} others` : more.map(({ subject }) => subject).join(', ')} as well`
      : ''
  return {
    name,
    status: 'degraded',
    since: warning.since,
    summary: `${warning.message}${others}`,
    code: 'CONFIG_INVALID',
    action: 'the rest of the source goes on; correct its settings',
  }
}

/** Trouble first, then the records that were skipped meanwhile. */
const withSkip = (health: PartHealth, skipped: PartHealth | undefined): PartHealth =>
  skipped
    ? { ...health, summary: `${health.summary}; ${skipped.summary}`, action: `${health.action}; ${skipped.action}` }
    : health

function troubledDelivery(part: string, { state, pipeline, destination }: DeliveryStats, trouble: Trouble): PartHealth {
  if (state === 'opening') return troubled(part, trouble, `opening destination ${destination} is retried`, 'until that succeeds')
  if (state === 'stalled')
    return troubled(
      part,
      trouble,
      'the platform waits for it',
      'and reads nothing more that it holds up; restart the part if it never answers',
    )
  if (state !== 'parked') return troubled(part, trouble, 'the write is retried', 'until it succeeds; reading of its topic waits')
  return {
    ...troubled(part, trouble, '', ''),
    action: `it is parked and its records wait in the stream: fix the cause, then resume it (qicore pipeline resume ${pipeline}) or restart the platform`,
  }
}

const troubled = (name: string, { since, error, againAt }: Trouble, action: string, until: string): PartHealth => ({
  name,
  status: 'degraded',
  since,
  summary: error.message,
  code: error.code,
  action: `${action}${againAt === undefined ? '' : ` in ${seconds(againAt)},`} ${until}`,
})

const seconds = (at: number): string => `${Math.max(0, Math.ceil((at - Date.now()) / 1000))} s`
