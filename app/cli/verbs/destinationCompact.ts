import { failureOf } from '../../../lib/src/base/segments/index.ts'
import {
  type CompactionReport,
  countOf,
  type DayReport,
  errorMessage,
  isSegmentSink,
  QiError,
  readAskedTime,
  suggest,
} from '../../../lib/src/base/types/index.ts'
import { sinkDefinitions } from '../../../lib/src/consumers/index.ts'
import { destinationsOf } from '../../../lib/src/streaming/platform/index.ts'
import { audited } from '../audited.ts'
import { opened } from '../doctor/destinations.ts'
import { openStoreOf } from '../engines.ts'
import { EXIT } from '../exitCodes.ts'
import type { Session } from '../session.ts'

export interface DestinationCompactInput {
  readonly name: string
  readonly before?: string
}

const DAY_MS = 86_400_000

/** @throws QiError NOT_FOUND for an unknown destination; UNSUPPORTED for a type without segments */
export async function run(session: Session, { name, before }: DestinationCompactInput): Promise<number> {
  const until = before === undefined ? undefined : endOf(before)
  const loaded = await session.load()
  const all = destinationsOf(loaded.config, sinkDefinitions)
  const one = all.get(name)
  if (!one) throw new QiError('NOT_FOUND', `there is no destination "${name}"${suggest(name, [...all.keys()])}`)
  await using store = await openStoreOf(session, loaded)
  await using sink = await opened(one, loaded.config, store, session.signal)
  if (!isSegmentSink(sink) || !sink.compact)
    throw new QiError(
      'UNSUPPORTED',
      `destination ${name} has the type ${one.type.name}, which keeps no segments: name one of the type file, s3 or gcs`,
    )
  const onDay = (day: DayReport) => void session.remark(`${day.folder}: ${sizeOf(day)}`)
  const options = { signal: session.signal, onDay, ...(until !== undefined && { until }) }
  const compact = sink.compact.bind(sink)
  const report = await audited(
    store,
    'destination compact',
    { name, ...(before !== undefined && { before }) },
    () => compact(options),
    failureOf,
  )
  await show(session, name, report)
  return report.failed.length === 0 ? EXIT.ok : EXIT.failed
}

/** The end of the last day to compact, in milliseconds since 1970. @throws QiError BAD_REQUEST */
function endOf(before: string): number {
  const at = Math.floor(momentOf(before) / 1000 / DAY_MS) * DAY_MS
  const today = Math.floor(Date.now() / DAY_MS) * DAY_MS
  if (at <= today) return at
  throw new QiError(
    'BAD_REQUEST',
    `--before: ${before} lies in the future, and only past days can be compacted; give today (UTC) or an earlier day`,
    {
      field: 'before',
    },
  )
}

/** @throws QiError BAD_REQUEST */
function momentOf(before: string): number {
  try {
    return readAskedTime(before)
  } catch (error) {
    throw new QiError('BAD_REQUEST', `--before: ${errorMessage(error)}`, { field: 'before', cause: error })
  }
}

const sizeOf = ({ segments, read, rows }: DayReport): string =>
  `${countOf(segments, 'segment')}, ${countOf(read, 'record')}, ${countOf(rows, 'record')} without duplicates`

async function show({ out, json }: Session, name: string, { made, unchanged, failed }: CompactionReport): Promise<void> {
  if (json) {
    const failures = failed.map(({ folder, error }) => ({ folder, code: error.code, message: error.message }))
    return void (await out.json({ ok: failed.length === 0, destination: name, made, unchanged, failed: failures }))
  }
  for (const { folder, error } of failed) await out.line(`${out.style('red', '✖')} ${folder}: ${error.message}`)
  await out.line(`${name}: ${countOf(made.length, 'day')} compacted, ${unchanged} unchanged, ${failed.length} failed`)
}
