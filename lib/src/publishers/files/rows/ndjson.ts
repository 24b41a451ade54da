import {
  decimal,
  type ExactJson,
  formatTime,
  JsonNumber,
  parseExactJson,
  parsePlainTime,
  QiError,
  type RecordField,
  type RecordName,
  type RecordType,
  readMoment,
  recordTypes,
  TopicCatalogue,
  toQiError,
} from '../../../base/types/index.ts'
import { checkIdentity, checkNames } from './columns.ts'
import { exactList, hasNumbers } from './figureLists.ts'
import type { FileIdentity } from './identity.ts'
import { batchOf, type LineParser, type Parsed, recordOf } from './parser.ts'
import type { RowSettings } from './settings.ts'

/** Only the topics of record types: topics of pipelines in a file belong to another platform. */
const topics = new TopicCatalogue()

/** Parses our own records, one JSON object a line. JSON numbers for decimals keep all their digits. */
export function ndjsonParser(file: FileIdentity, name: string, type: RecordType | undefined, config: RowSettings): LineParser {
  const checked = new Set<RecordType>()
  if (type) checkNames(name, type, config.constants)
  return {
    type,
    parse(line, number): Parsed | undefined {
      if (line.trim() === '') return undefined
      const wire: Record<string, unknown> = { ...config.constants, ...readObject(line) }
      const own = type ?? typeOf(wire)
      if (!checked.has(own)) checkIdentity(name, own, config.constants)
      checked.add(own)
      const row = { file, line: number, wire: withTimes(own, withExactNumbers(own, wire, line, config), config) }
      const { record, moment } = recordOf(own, row, config)
      return { batches: [batchOf(own, record)], moment }
    },
  }
}

function readObject(line: string): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch (error) {
    throw new QiError('BAD_DATA', `not JSON: ${(error as Error).message}`, { cause: error })
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) throw new QiError('BAD_DATA', 'not a JSON object')
  return value as Record<string, unknown>
}

function typeOf({ type, topic }: Record<string, unknown>): RecordType {
  const found =
    typeof type === 'string' && Object.hasOwn(recordTypes, type)
      ? recordTypes[type as RecordName]
      : typeof topic === 'string'
        ? topics.typeOf(topic)
        : undefined
  if (found) return found as RecordType
  throw new QiError(
    'BAD_DATA',
    `the record type is unknown: set record, or give each line a "type" (${Object.keys(recordTypes).join(', ')}) or a "topic"`,
  )
}

/** Converts the times of other programs; numbers only if the settings say that times are counted. */
function withTimes(type: RecordType, wire: Record<string, unknown>, { time_format }: RowSettings): Record<string, unknown> {
  for (const { name, kind } of type.fields) {
    const value = wire[name]
    if (kind !== 'time' || (typeof value !== 'string' && (typeof value !== 'number' || time_format === 'iso'))) continue
    if (typeof value === 'string' && parsePlainTime(value) !== undefined) continue
    try {
      // received_at is always in ISO 8601: the platform writes it.
      const notation = name === 'received_at' && typeof value === 'string' ? 'iso' : time_format
      wire[name] = formatTime(readMoment(String(value), notation))
    } catch (error) {
      throw new QiError('BAD_DATA', `${name} ${toQiError(error).message}`, { field: name, cause: error })
    }
  }
  return wire
}

/** Parses a line again, with all digits, if a decimal is a JSON number; in our own files none is. */
function withExactNumbers(
  type: RecordType,
  wire: Record<string, unknown>,
  line: string,
  { constants }: RowSettings,
): Record<string, unknown> {
  const isNumber = ({ name, kind }: RecordField) =>
    (kind === 'decimal' && typeof wire[name] === 'number') || (kind === 'decimals' && hasNumbers(wire[name]))
  if (!type.fields.some(isNumber)) return wire
  const exact = parseExactJson(line) as Record<string, unknown>
  for (const { name, kind } of type.fields.filter(isNumber)) {
    const value = exact[name] as ExactJson | undefined
    if (kind === 'decimals') wire[name] = exactList(value)
    else wire[name] = decimal(value instanceof JsonNumber ? value.source : String(constants[name]))
  }
  return wire
}
