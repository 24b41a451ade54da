import { channel } from 'node:diagnostics_channel'
import { countOf, type Position, QiError, SKIP_CHANNEL, type SkippedRange } from '../../../base/types/index.ts'
import type { DeadLetter } from '../deadLetters/letter.ts'
import { type DeliveryKey, type DeliverySettings, deliveryName } from '../delivery.ts'
import { describeBounds, type OffsetRange } from './bound.ts'

/** Offsets that lie beyond the bound of a group's lag. */
export interface Excess {
  readonly group: string
  /** The delivery that the group belongs to; undefined for a group of another program. */
  readonly delivery?: DeliveryKey | undefined
  readonly ranges: readonly OffsetRange[]
  readonly bounds: Pick<DeliverySettings, 'maxLagMs' | 'maxLagBytes'>
}

export interface SkipOptions {
  /** Keeps the letters durably. */
  readonly keep: (letters: readonly DeadLetter[]) => Promise<void>
  /** Moves the group behind the ranges. */
  readonly move: (positions: readonly Position[]) => Promise<void>
}

export interface Skip {
  /** In milliseconds since 1970. */
  readonly at: number
  readonly records: number
  /** Says which offsets were skipped, and the bound. */
  readonly error: QiError
}

const skips = channel(SKIP_CHANNEL)

/** Writes one dead letter for each range, and moves the group behind them once the letters are durable. */
export async function skipExcess(excess: Excess, { keep, move }: SkipOptions): Promise<Skip> {
  const { group, delivery, ranges } = excess
  await keep(ranges.map((range) => letterOf(excess, range)))
  await move(ranges.map(({ topic, partition, to }) => ({ topic, partition, offset: to })))
  if (skips.hasSubscribers) for (const range of ranges) skips.publish({ ...delivery, group, ...range } satisfies SkippedRange)
  const records = ranges.reduce((sum, { from, to }) => sum + Number(to - from), 0)
  const places = ranges.map(({ topic, partition, from, to }) => `${topic} partition ${partition}, offsets ${from} to ${to - 1n}`)
  const more = places.length > MOST_NAMED ? `; and ${places.length - MOST_NAMED} more` : ''
  const message = `${countOf(records, 'record')} skipped, because ${why(excess)} (${places.slice(0, MOST_NAMED).join('; ')}${more})`
  return { at: Date.now(), records, error: new QiError('TIMEOUT', message) }
}

/** Next step after a skip. */
export const SKIP_REMEDY =
  'one dead letter names each range: qicore dlq list shows its id, qicore dlq replay --id ID delivers the records that the log still holds; take the rest from their source again (qicore backfill)'

const MOST_NAMED = 3

const why = ({ group, delivery, bounds }: Excess): string =>
  `the lag of ${delivery ? deliveryName(delivery) : `group ${group}`} exceeded its max_lag of ${describeBounds(bounds)}`

function letterOf(excess: Excess, { topic, partition, from, to }: OffsetRange): DeadLetter {
  const reason = `${countOf(to - from, 'record')} skipped, because ${why(excess)}; replay this letter to deliver the records that the log still holds, and take the rest from their source again (qicore backfill)`
  return {
    ...({ topic, partition, offset: from, lastOffset: to - 1n, stage: 'skipped', attempts: 0, key: null, value: '' } as const),
    ...excess.delivery,
    reason,
  }
}
