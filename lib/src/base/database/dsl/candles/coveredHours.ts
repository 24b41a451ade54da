import { type Calendar, type Micros, openHours, openTime } from '../../../types/index.ts'
import { type RowReader, readInteger } from '../../reading/RowReader.ts'
import { events, type WantedEvents } from '../../rollups/events.ts'
import type { Part } from './parts.ts'

/** A bucket and the parts it is built from. */
export interface BucketParts {
  readonly parts: readonly Part[]
  /** A silence of the open hours that is longer than this is not covered. */
  readonly silence: Micros
}

/**
 * The covered open hours of each bucket, in microseconds, for markets that close. Bars cover the open hours of their time; trades and
 * prices cover the open hours without a long silence. A closed night is no silence.
 */
export async function coveredHours(
  reader: RowReader,
  calendar: Calendar,
  buckets: readonly BucketParts[],
  wanted: Omit<WantedEvents, 'spans' | 'silence'>,
): Promise<readonly Micros[]> {
  const covered = buckets.map(({ parts }) => sum(parts.filter(isBars).map((part) => hoursOfBars(calendar, part))))
  const sessions = buckets.flatMap(({ parts, silence }, bucket) =>
    parts
      .filter((part) => !isBars(part))
      .flatMap(({ from, to }) => openHours(calendar, [{ from, to: Math.min(to, wanted.now) }]))
      .map((span) => ({ bucket, silence, span })),
  )
  for (const [silence, some] of Map.groupBy(sessions, (session) => session.silence)) {
    const spans = some.map(({ span }) => span)
    const silent = await silences(reader, { ...wanted, silence, spans })
    some.forEach(({ bucket, span: { from, to } }, i) => {
      const length = to - from
      // A session without a record is silent from its start to its end.
      const nothing = silent.get(i) ?? (length > silence ? length : 0)
      covered[bucket] = (covered[bucket] ?? 0) + Math.max(0, length - nothing)
    })
  }
  return covered
}

const isBars = ({ timeframe }: Part): boolean => timeframe !== undefined

/** The open hours that bars cover. Of rolled-up bars only the count is known, not the times: hence the minimum. */
const hoursOfBars = (calendar: Calendar, { from, to, covered }: Part): Micros => Math.min(openTime(calendar, from, to), covered)

/** The silence of each span by its index; spans without a record are left out. */
async function silences(reader: RowReader, wanted: WantedEvents): Promise<ReadonlyMap<number, Micros>> {
  const rows = await reader.rows(events(wanted))
  return new Map(rows.map((row) => [readInteger(row.n as string) - 1, Math.round(Number(row.silent as string))]))
}

const sum = (values: readonly Micros[]): Micros => values.reduce((all, value) => all + value, 0)
