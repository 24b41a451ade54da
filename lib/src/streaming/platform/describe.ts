import {
  type CheckResult,
  countOf,
  type DeliveryStats,
  type PartHealth,
  type PartStatus,
  type PublisherStats,
  type Trouble,
} from '../../base/index.ts'
import { SKIP_REMEDY, type Skip } from '../pipelines/index.ts'

/** Why the simulated market runs in a source's place, and since when (milliseconds since 1970). */
export interface StandIn {
  readonly reason: string
  readonly since: number
  readonly name: string
}

export const describeStandIn = ({ name, reason, since }: StandIn): PartHealth => ({
  name,
  since,
  status: 'degraded',
  summary: `${reason}; the simulated market stands in`,
  action: 'it is tried again until it answers',
})

/** Health of an engine by what its check found. */
export const describeEngine = (
  name: string,
  { ok, summary, error, remedy, degraded }: CheckResult,
): Omit<PartHealth, 'since'> => ({
  name,
  status: ok ? 'up' : degraded ? 'degraded' : 'down',
  summary,
  ...(error && { code: error.code }),
  ...(!ok && { action: ['it is tried again until it answers', remedy].filter(Boolean).join('; ') }),
})

/** How long damaged bytes and skipped ranges are shown: long enough to be seen by somebody who looks now and then. */
const SHOWN_MS = 60 * 60_000

/** A range that was skipped, as long as it is shown. */
export function describeSkip(name: string, { at, error }: Pick<Skip, 'at' | 'error'>): PartHealth | undefined {
  if (Date.now() - at >= SHOWN_MS) return undefined
  return { name, status: 'degraded', since: at, summary: error.message, code: error.code, action: SKIP_REMEDY }
}

export interface Working {
  readonly consumers: readonly DeliveryStats[]
  readonly publishers: readonly PublisherStats[]
}

/** How a supervised part is; one that runs may have trouble that it deals with by itself. */
export function describePart(part: PartStatus, { consumers, publishers }: Working): PartHealth {
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
      action: `it is started again${again}${times}`,
    }
  }
  if (state === 'failed')
    return {
      name,
      status: 'down',
      since,
      summary: part.lastError?.message ?? 'failed',
      ...(part.lastError && { code: part.lastError.code }),
      action: 'it is not started again by itself: mend the cause, then start it (stream_crypto_data) or restart the platform',
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
        'reading went on behind it and the bytes are in the dead letters (qicore dlq list); take its records from their source again (qicore backfill), and look for faults of disk and memory where the stream is kept',
    }
  const publisher = publishers.find(({ source }) => name === `source ${source}`)
  if (publisher?.trouble)
    return publisher.state === 'degraded'
      ? troubled(name, publisher.trouble, 'the append is tried again', 'until it succeeds; then the source is asked on')
      : troubled(name, publisher.trouble, 'it is asked again', 'until it answers')
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
    action: 'the rest of the source goes on; the settings are for you to correct',
  }
}

/** Trouble that lasts comes first; what was skipped meanwhile is told beside it. */
const withSkip = (health: PartHealth, skipped: PartHealth | undefined): PartHealth =>
  skipped
    ? { ...health, summary: `${health.summary}; ${skipped.summary}`, action: `${health.action}; ${skipped.action}` }
    : health

function troubledDelivery(part: string, { state, name, destination }: DeliveryStats, trouble: Trouble): PartHealth {
  if (state === 'opening') return troubled(part, trouble, `destination ${destination} is opened again`, 'until it can be')
  if (state === 'stalled')
    return troubled(
      part,
      trouble,
      'it is waited for',
      'and nothing more of what it holds up is read; restart the part if it never answers',
    )
  if (state !== 'parked')
    return troubled(part, trouble, 'the write is tried again', 'until it succeeds; reading of its topic waits')
  return {
    ...troubled(part, trouble, '', ''),
    action: `it is parked and its records wait in the stream: mend the cause, then resume it (qicore pipeline resume ${name}) or restart the platform`,
  }
}

const troubled = (name: string, { since, error, againAt }: Trouble, what: string, how: string): PartHealth => ({
  name,
  status: 'degraded',
  since,
  summary: error.message,
  code: error.code,
  action: `${what}${againAt === undefined ? '' : ` in ${seconds(againAt)},`} ${how}`,
})

const seconds = (at: number): string => `${Math.max(0, Math.ceil((at - Date.now()) / 1000))} s`
