import { QiError } from '../../../base/index.ts'
import { type Difference, differences } from './differences.ts'
import type { RegistryProblem } from './errors.ts'
import type { RecordSchema } from './recordSchema.ts'
import type { SubjectVersion } from './Subjects.ts'

const REMEDY =
  'write with the version of QiCore that registered it, or move the topic and its readers on: start once with SCHEMA_REGISTRY_COMPATIBILITY=NONE'

/** The error of a schema that the registry lets not follow the latest version: which fields differ, and what to do. */
export function incompatible(
  subject: string,
  ours: RecordSchema,
  latest: SubjectVersion | undefined,
  place: string,
  cause?: Error,
): QiError {
  const found = latest ? against(latest, ours) : []
  const fields = found.map(({ field, what }) => `${field} ${what}`).join(', ')
  const { message: said } = (cause?.cause ?? {}) as Partial<RegistryProblem>
  const before = latest ? `version ${latest.version}` : 'an earlier version'
  return new QiError(
    'CONFLICT',
    `our schema of ${subject} is incompatible with ${before} in the schema registry at ${place}: ${fields || said || 'the registry refuses it'}; ${REMEDY}`,
    { cause, ...(found[0] && { field: found[0].field }) },
  )
}

function against({ schema, schemaType }: SubjectVersion, ours: RecordSchema): readonly Difference[] {
  if (schemaType !== 'JSON') return [{ field: 'schemaType', what: `was ${schemaType} and is JSON` }]
  try {
    return differences(JSON.parse(schema) as RecordSchema, ours)
  } catch {
    return []
  }
}
