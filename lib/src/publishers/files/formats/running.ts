import { type Micros, type Timeframe, timeframeMicros } from '../../../base/types/index.ts'
import { changedAt, type Member } from '../input/members.ts'
import type { Gathered } from '../rows/batches.ts'

/**
 * Tells if a bar of a file was still running when the file was made, so that it is not final: if it ends after the moment that the file
 * reaches to, or was open at the file's last change. A time of change that lies in no bar, such as that of an unpacked archive, says nothing.
 */
export function runningBars(member: Member, timeframe: Timeframe, until: Micros | undefined): (open: Micros) => boolean {
  const length = timeframeMicros(timeframe)
  const changed = changedAt(member)
  return (open) => (until !== undefined && open + length > until) || (open <= changed && changed < open + length)
}

/** The end of the day, month or quarter of a name: `2024-08-08`, `2024-08`, `Q1_2024`. */
export function periodEnd(name: string): Micros | undefined {
  const [, year, month, day] = /(?:^|[^\d])(\d{4})-(\d\d)(?:-(\d\d))?(?:[^\d]|$)/.exec(name) ?? []
  if (year !== undefined) return micros(Number(year), day ? Number(month) - 1 : Number(month), day ? Number(day) + 1 : 1)
  const [, quarter, of] = /(?:^|[^A-Za-z0-9])Q([1-4])_(\d{4})(?:[^\d]|$)/.exec(name) ?? []
  return quarter === undefined ? undefined : micros(Number(of), Number(quarter) * 3, 1)
}

const micros = (year: number, month: number, day: number): Micros => Date.UTC(year, month, day) * 1000

/** Candles that were still running when the file was made, as not final; everything else as it is. */
export async function* withoutRunning(
  rows: AsyncIterable<Gathered>,
  member: Member,
  until: Micros | undefined = periodEnd(member.name),
): AsyncGenerator<Gathered> {
  const known = new Map<Timeframe, (open: Micros) => boolean>()
  const isRunning = (timeframe: Timeframe, open: Micros): boolean => {
    const found = known.get(timeframe) ?? runningBars(member, timeframe, until)
    known.set(timeframe, found)
    return found(open)
  }
  for await (const gathered of rows) {
    const { batch } = gathered
    if (batch.type.name !== 'ohlcv') {
      yield gathered
      continue
    }
    const records = batch.records.map((record) =>
      record.isFinal && isRunning(record.timeframe as Timeframe, record.time as Micros) ? { ...record, isFinal: false } : record,
    )
    yield { ...gathered, batch: { ...batch, records } }
  }
}
