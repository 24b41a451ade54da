import { type Calendar, type Micros, openHours, openTime } from '../../types/index.ts'
import { type Reader, readInteger } from '../reader.ts'
import { events, type WantedEvents } from '../rollups/events.ts'
import type { Part } from './parts.ts'

/** The parts that a bucket is made of. */
export interface Bucketed {
  readonly parts: readonly Part[]
  /** A longer silence of the bucket's open hours is not covered. */
  readonly silence: Micros
}

/**
 * How much of its open hours each bucket covers, for calendars that close: bars cover the open hours of their time; trades and prices
 * those in which no silence is too long, since the silence of a night is none.
 */
export async function coveredHours(
  reader: Reader,
  calendar: Calendar,
  buckets: readonly Bucketed[],
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

/** Of bars whose records are gone it is known how many there were, and not when. */
const hoursOfBars = (calendar: Calendar, { from, to, covered }: Part): Micros => Math.min(openTime(calendar, from, to), covered)

/** How long each span was silent; those without a record are left out. */
async function silences(reader: Reader, wanted: WantedEvents): Promise<ReadonlyMap<number, Micros>> {
  const rows = await reader.rows(events(wanted))
  return new Map(rows.map((row) => [readInteger(row.n as string) - 1, Math.round(Number(row.silent as string))]))
}

const sum = (values: readonly Micros[]): Micros => values.reduce((all, value) => all + value, 0)
