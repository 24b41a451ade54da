import { countOf, type PlatformStatus } from '../../../lib/src/base/types/index.ts'
import { STORE } from '../../../lib/src/streaming/index.ts'
import { age, duration } from '../text/age.ts'
import { sourceLabel } from '../text/mark.ts'

/** The figures of the status line, and of the log line once a minute. */
export interface Pulse {
  readonly uptimeMs: number
  readonly sources: readonly {
    readonly name: string
    readonly simulated: boolean
    readonly published: number
    readonly lastAt: number | null
    readonly troubled: boolean
  }[]
  readonly stored: number
  /** Records whose key was stored already. */
  readonly overwritten: number
  readonly waiting: number
  readonly deadLettered: number
  /** Failures that are retried, and final ones. */
  readonly troubles: readonly string[]
}

export function pulseOf(status: PlatformStatus, now: number): Pulse {
  const { publishers, consumers, parts, startedAt } = status
  const stores = consumers.filter(({ destination }) => destination === STORE)
  const sum = (count: (consumer: PlatformStatus['consumers'][number]) => number) =>
    stores.reduce((total, consumer) => total + count(consumer), 0)
  return {
    uptimeMs: now - (startedAt ?? now),
    sources: publishers.map(({ source, origin, published, lastAppendAt, state }) => ({
      name: source,
      simulated: origin === 'simulated',
      published,
      lastAt: lastAppendAt,
      troubled: state === 'degraded',
    })),
    stored: sum(({ written }) => written),
    overwritten: sum(({ overwritten }) => overwritten),
    waiting: sum(({ waiting }) => waiting),
    deadLettered:
      consumers.reduce((total, one) => total + one.deadLettered, 0) +
      publishers.reduce((total, { invalid }) => total + invalid, 0),
    troubles: [
      ...parts
        .filter(({ state }) => state === 'restarting')
        .map(
          ({ name, lastError, retryAt }) =>
            `${name} failed (${lastError?.message}), again in ${duration((retryAt ?? now) - now)}`,
        ),
      ...parts.filter(({ state }) => state === 'failed').map(({ name, lastError }) => `${name} failed (${lastError?.message})`),
      ...consumers.flatMap(({ name, trouble }) =>
        trouble ? [`${name} cannot write since ${duration(now - trouble.since)} (${trouble.error.message})`] : [],
      ),
    ],
  }
}

/** `2 min 5 s │ SIMULATED 1200 received, last 1 s ago │ 1200 stored │ Ctrl-C stops` */
export function statusLine(
  { uptimeMs, sources, stored, overwritten, waiting, deadLettered, troubles }: Pulse,
  now: number,
): string {
  const parts = [
    duration(uptimeMs),
    ...troubles,
    ...sources.map(({ name, simulated, published, lastAt, troubled }) =>
      [
        sourceLabel(name, simulated),
        `${published} received${lastAt === null ? '' : `, last ${age(lastAt, now)} ago`}`,
        ...(troubled ? ['(stream is down, trying again)'] : []),
      ].join(' '),
    ),
    `${stored} stored`,
    ...(overwritten ? [`${overwritten} overwritten`] : []),
    ...(waiting ? [`${waiting} waiting`] : []),
    ...(deadLettered ? [`${countOf(deadLettered, 'dead letter')} (qicore dlq list)`] : []),
    'Ctrl-C stops',
  ]
  return parts.join(' │ ').replaceAll(/\s+/g, ' ')
}
