import { type DeadLetterEntry, escapeHidden, parseExactJson } from '../../../lib/src/base/types/index.ts'
import { DeadLetters, deadLetterJson, STORE } from '../../../lib/src/streaming/index.ts'
import { withStream } from '../engines.ts'
import type { Session } from '../session.ts'
import { age } from '../text/age.ts'
import { printCsv } from '../text/csv.ts'
import { topicsNamed } from '../topics.ts'

export interface DlqListInput {
  readonly topic?: string
  readonly destination?: string
  readonly limit?: number
  readonly pending?: boolean
}

export async function run(session: Session, { topic, destination, limit, pending }: DlqListInput): Promise<undefined> {
  const loaded = await session.load()
  const { signal } = session
  const entries = await withStream(session, loaded, async (stream, findTopics) => {
    const [only] = topic === undefined ? [] : [...(await topicsNamed([topic], findTopics)).keys()]
    return session.unlessInterrupted(
      new DeadLetters(stream).list({
        signal,
        ...(only !== undefined && { topic: only }),
        ...(destination && { destination }),
        ...(limit && { limit }),
        ...(pending && { pending }),
      }),
    )
  })
  if (session.json) return void (await session.out.json(entries.map(exported)))
  if (session.csv) return void (await printCsv(session.out, CSV_COLUMNS, entries.map(deadLetterJson)))
  for (const entry of entries) for (const line of describe(session, entry)) await session.out.line(line)
  const waiting = entries.filter(({ replayed }) => !replayed).length
  await session.remark(
    entries.length
      ? `${entries.length} listed, ${waiting} not replayed; qicore dlq replay --help explains how to correct them`
      : 'no dead letters',
  )
}

const CSV_COLUMNS = [
  ...['id', 'topic', 'stage', 'pipeline', 'destination', 'node', 'partition', 'offset', 'last_offset', 'reason', 'attempts'],
  ...['source', 'key', 'time', 'times', 'replayed', 'encoding', 'schema_id', 'truncated_from', 'value'],
]

/** The entry with its record as an object where possible: an object is easier to edit than JSON inside a JSON string. */
function exported(entry: DeadLetterEntry): Record<string, unknown> {
  const json = deadLetterJson(entry)
  if (entry.encoding !== 'utf8' || entry.truncatedFrom !== undefined) return json
  try {
    const value = parseExactJson(entry.value)
    return value !== null && typeof value === 'object' && !Array.isArray(value) ? { ...json, value } : json
  } catch {
    return json
  }
}

const STAGES = { publish: 'not published', store: 'not stored', read: 'damaged in the stream', skipped: 'skipped' } as const

/** The stage that failed, with the destination unless it is the store. */
function whereOf({ stage, destination }: DeadLetterEntry): string {
  if (destination === undefined || destination === STORE) return STAGES[stage]
  return `${stage === 'store' ? 'not delivered' : STAGES[stage]}, destination ${escapeHidden(destination)}`
}

function describe({ out }: Session, entry: DeadLetterEntry): string[] {
  const { id, stage, reason, attempts, times, replayed, source, timestamp, value, encoding } = entry
  const { pipeline, destination, partition, offset, lastOffset } = entry
  const facts = [
    whereOf(entry),
    ...(pipeline !== undefined && pipeline !== destination ? [`pipeline ${escapeHidden(pipeline)}`] : []),
    ...(lastOffset !== undefined && stage !== 'read' ? [`offsets ${offset} to ${lastOffset} of partition ${partition}`] : []),
    ...(timestamp > 0 ? [`${age(timestamp, Date.now())} ago`] : []),
    ...(source ? [`from ${escapeHidden(source)}`] : []),
    ...(attempts > 1 ? [`${attempts} attempts`] : []),
    ...(times > 1 ? [`came ${times} times`] : []),
    replayed ? out.style('green', 'replayed') : out.style('yellow', 'waiting'),
  ]
  return [
    `${out.style('bold', escapeHidden(id))}  ${facts.join(', ')}`,
    `  ${out.style('red', escapeHidden(reason))}`,
    `  ${out.style('dim', shorten(escapeHidden(encoding === 'utf8' ? value : `${value.length} characters of base64`)))}`,
  ]
}

/** Cuts a long original; --json has the whole one. */
const shorten = (text: string): string =>
  text.length > 400 ? `${text.slice(0, 400)} … ${text.length - 400} characters more` : text
