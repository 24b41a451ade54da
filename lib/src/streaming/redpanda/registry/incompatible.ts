import { QiError } from '../../../base/types/index.ts'
import { type Difference, differences } from './differences.ts'
import type { RegistryProblem } from './errors.ts'
import type { RecordSchema } from './recordSchema.ts'
import type { SubjectVersion } from './Subjects.ts'

const REMEDY =
  'write with the version of QiCore that registered it, or move the topic and its readers on: start once with SCHEMA_REGISTRY_COMPATIBILITY=NONE'

const FULL_REMEDY = 'FULL lets no field be added to a JSON Schema: set SCHEMA_REGISTRY_COMPATIBILITY=BACKWARD or FORWARD'

export interface Incompatible {
  readonly subject: string
  readonly ours: RecordSchema
  readonly latest: SubjectVersion | undefined
  /** The compatibility of the subject. */
  readonly level: string
  readonly place: string
}

/** The error for a schema that the registry does not accept after the latest version: which fields differ, and what to do. */
export function incompatible({ subject, ours, latest, level, place }: Incompatible, cause?: Error): QiError {
  const found = latest ? against(latest, ours, level) : []
  const fields = found.map(({ field, what }) => `${field} ${what}`).join(', ')
  const { message: said } = (cause?.cause ?? {}) as Partial<RegistryProblem>
  const before = latest ? `version ${latest.version}` : 'an earlier version'
  return new QiError(
    'CONFLICT',
    `our schema of ${subject} is incompatible with ${before} in the schema registry at ${place}: ${fields || said || 'the registry refuses it'}; ${remedyOf(found, level)}`,
    { cause, ...(found[0] && { field: found[0].field }) },
  )
}

/** If only added fields are refused, the remedy is another compatibility level. */
const remedyOf = (found: readonly Difference[], level: string): string =>
  level.startsWith('FULL') && found.length > 0 && found.every(({ what }) => what.startsWith('is new, where'))
    ? FULL_REMEDY
    : REMEDY

function against({ schema, schemaType }: SubjectVersion, ours: RecordSchema, level: string): readonly Difference[] {
  if (schemaType !== 'JSON') return [{ field: 'schemaType', what: `was ${schemaType} and is JSON` }]
  try {
    return differences(JSON.parse(schema) as RecordSchema, ours, level)
  } catch {
    return []
  }
}
