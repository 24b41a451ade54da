import {
  type DeadLetterEntry,
  type ExactJson,
  JsonNumber,
  misspelt,
  parseExactJson,
  QiError,
  type ReplayEntry,
} from '../../../base/types/index.ts'

/** An entry as `qicore dlq list --json` prints it and {@link parseDeadLetters} reads it: names as on the wire. */
export function deadLetterJson(entry: DeadLetterEntry): Record<string, unknown> {
  const { schemaId, truncatedFrom, timestamp, partition, offset, lastOffset, source, pipeline, destination, node } = entry
  return {
    id: entry.id,
    topic: entry.topic,
    stage: entry.stage,
    ...(pipeline === undefined ? {} : { pipeline }),
    ...(destination === undefined ? {} : { destination }),
    ...(node === undefined ? {} : { node }),
    ...(partition === undefined ? {} : { partition }),
    ...(offset === undefined ? {} : { offset: Number(offset) }),
    ...(lastOffset === undefined ? {} : { last_offset: Number(lastOffset) }),
    reason: entry.reason,
    attempts: entry.attempts,
    ...(source === undefined ? {} : { source }),
    key: entry.key,
    time: new Date(timestamp).toISOString(),
    times: entry.times,
    replayed: entry.replayed,
    ...(entry.encoding === 'utf8' ? {} : { encoding: entry.encoding }),
    ...(schemaId === undefined ? {} : { schema_id: schemaId }),
    ...(truncatedFrom === undefined ? {} : { truncated_from: truncatedFrom }),
    value: entry.value,
  }
}

const FIELDS = [
  'id',
  'topic',
  'stage',
  'pipeline',
  'destination',
  'node',
  'partition',
  'offset',
  'last_offset',
  'reason',
  'attempts',
  'source',
  'key',
  'time',
  'times',
  'replayed',
  'encoding',
  'schema_id',
  'truncated_from',
  'value',
]

/**
 * The entries of an exported and corrected file: a JSON array, or one JSON object a line. Only `topic` and `value` are required; `id`
 * lets the letter be marked as replayed. `value` is the record's JSON as text, or the object itself, with all its digits. Unknown fields,
 * as of a later version, are left out; a name within a small edit distance of a known one is refused as a typing error.
 * @throws QiError BAD_DATA naming the entry (the first is 1) and the field
 */
export function parseDeadLetters(text: string): ReplayEntry[] {
  return documents(text).map((document, index) => {
    const at = `entry ${index + 1}`
    if (document === null || typeof document !== 'object' || Array.isArray(document) || document instanceof JsonNumber)
      throw new QiError('BAD_DATA', `${at}: expected an object with topic and value`)
    for (const name of Object.keys(document)) {
      const meant = FIELDS.includes(name) ? undefined : misspelt(name, FIELDS)
      if (meant !== undefined) throw problem(at, name, `unknown field; did you mean ${meant}?`)
    }
    const {
      id,
      topic,
      stage,
      pipeline,
      destination,
      encoding,
      value,
      schema_id: schemaId,
      truncated_from: truncatedFrom,
    } = document
    if (typeof topic !== 'string' || topic === '') throw problem(at, 'topic', 'expected the name of a topic')
    if (id !== undefined && typeof id !== 'string') throw problem(at, 'id', 'expected text')
    for (const [name, text] of Object.entries({ pipeline, destination }))
      if (text !== undefined && typeof text !== 'string') throw problem(at, name, 'expected text')
    if (encoding !== undefined && encoding !== 'utf8' && encoding !== 'base64')
      throw problem(at, 'encoding', 'expected utf8 or base64')
    return {
      topic,
      value: valueText(value, at),
      ...(id === undefined ? {} : { id }),
      ...((stage === 'read' || stage === 'skipped') && typeof value === 'string' ? { stage } : {}),
      ...(typeof pipeline === 'string' && { pipeline }),
      ...(typeof destination === 'string' && { destination }),
      ...placeOf(document, at),
      ...(encoding === undefined ? {} : { encoding }),
      ...(schemaId instanceof JsonNumber ? { schemaId: Number(schemaId.source) } : {}),
      ...(truncatedFrom instanceof JsonNumber ? { truncatedFrom: Number(truncatedFrom.source) } : {}),
    }
  })
}

/** The place of the original; a range is read from there again. */
function placeOf(
  document: Readonly<Record<string, ExactJson | undefined>>,
  at: string,
): Pick<ReplayEntry, 'partition' | 'offset' | 'lastOffset'> {
  const number = (name: string): string | undefined => {
    const given = document[name]
    if (given === undefined) return undefined
    if (given instanceof JsonNumber && /^\d{1,19}$/.test(given.source)) return given.source
    throw problem(at, name, 'expected a whole number')
  }
  const [partition, offset, last] = [number('partition'), number('offset'), number('last_offset')]
  return {
    ...(partition !== undefined && { partition: Number(partition) }),
    ...(offset !== undefined && { offset: BigInt(offset) }),
    ...(last !== undefined && { lastOffset: BigInt(last) }),
  }
}

function valueText(value: ExactJson | undefined, at: string): string {
  if (typeof value === 'string') return value
  if (value === null || typeof value !== 'object' || Array.isArray(value) || value instanceof JsonNumber)
    throw problem(at, 'value', "expected the record's JSON, as text or as an object")
  return JSON.stringify(value)
}

function documents(text: string): ExactJson[] {
  const body = text.replace(/^\uFEFF/, '')
  if (body.trimStart().startsWith('[')) return parseExactJson(body) as ExactJson[]
  const lines = body.split('\n').map((line, index) => ({ line: line.trim(), number: index + 1 }))
  const filled = lines.filter(({ line }) => line !== '')
  try {
    return filled.map(({ line, number }) => {
      try {
        return parseExactJson(line)
      } catch (error) {
        throw new QiError('BAD_DATA', `line ${number}: ${(error as Error).message}`, { cause: error })
      }
    })
  } catch (error) {
    // A single entry that an editor has spread over several lines.
    if (filled.length > 1 && (filled[0] as { line: string }).line.startsWith('{')) {
      try {
        return [parseExactJson(body)]
      } catch {}
    }
    throw error
  }
}

const problem = (at: string, field: string, message: string): QiError =>
  new QiError('BAD_DATA', `${at}: ${field}: ${message}`, { field })
