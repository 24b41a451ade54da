import { channel } from 'node:diagnostics_channel'
import { countOf, type Position, QiError } from '../../base/index.ts'
import type { DeadLetter } from './deadLetter.ts'
import { type DeliveryKey, type DeliverySettings, deliveryName } from './delivery.ts'
import { describeBounds, type OffsetRange } from './lagBound.ts'

/** Offsets that lie beyond the bound of a group's lag. */
export interface Excess {
  readonly group: string
  /** The delivery that the group belongs to, where it is known. */
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

/** The last skip: its time, in milliseconds since 1970, and a sentence about it. */
export interface Skip {
  readonly at: number
  readonly records: number
  readonly error: QiError
}

/** Published on the diagnostics channel `qicore:skip` for each range that was skipped. */
export interface SkippedRange extends OffsetRange, Partial<DeliveryKey> {
  readonly group: string
}

export const SKIP_CHANNEL = 'qicore:skip'
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
  const message = `${countOf(records, 'record')} not delivered, because ${why(excess)} (${places.slice(0, MOST_NAMED).join('; ')}${more})`
  return { at: Date.now(), records, error: new QiError('TIMEOUT', message) }
}

/** Next step for somebody who reads of a skip. */
export const SKIP_REMEDY =
  'one dead letter names each range: qicore dlq list shows its id, qicore dlq replay --id ID delivers what the log still holds of it; take the rest from its source again (qicore backfill)'

const MOST_NAMED = 3

const why = ({ group, delivery, bounds }: Excess): string =>
  `${delivery ? deliveryName(delivery) : `group ${group}`} was further behind than its max_lag of ${describeBounds(bounds)}`

function letterOf(excess: Excess, { topic, partition, from, to }: OffsetRange): DeadLetter {
  const reason = `${countOf(to - from, 'record')} skipped, because ${why(excess)}; replaying this letter delivers what the log still holds of them, the rest comes from its source again (qicore backfill)`
  return {
    ...({ topic, partition, offset: from, lastOffset: to - 1n, stage: 'skipped', attempts: 0, key: null, value: '' } as const),
    ...excess.delivery,
    reason,
  }
}
