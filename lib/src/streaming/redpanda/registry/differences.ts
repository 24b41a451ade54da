import type { RecordSchema } from './recordSchema.ts'

/** A field in which two schemas of a record differ, and how. */
export interface Difference {
  readonly field: string
  readonly what: string
}

/**
 * Fields in which a schema differs from an earlier one. Descriptions are left out, and fields that may be added.
 * @param level the compatibility that the registry demands
 */
export function differences(earlier: RecordSchema, later: RecordSchema, level: string): readonly Difference[] {
  const before = earlier.properties ?? {}
  const after = later.properties ?? {}
  const required = (schema: RecordSchema, name: string): boolean => schema.required?.includes(name) ?? false
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((field) => {
    const found = (what: string): Difference[] => [{ field, what }]
    if (!(field in after)) return found('is no longer there')
    const demanded = required(later, field) && !required(earlier, field)
    if (!(field in before)) {
      if (demanded) return found('is new and required')
      const isClosed = earlier.additionalProperties === false
      if (isClosed && !level.startsWith('BACKWARD')) return found('is new, where no other field was allowed')
      return isClosed || level.startsWith('FORWARD') ? [] : found('is new, where any field was allowed')
    }
    const [was, is] = [plain(before[field]), plain(after[field])]
    if (was !== is) return found(`was ${short(was)} and is ${short(is)}`)
    return demanded ? found('is now required') : []
  })
}

/** The schema of a field as text, without title and description, which do not restrict values. */
const plain = (schema: unknown): string =>
  JSON.stringify(schema, (name, value: unknown) => (name === 'description' || name === 'title' ? undefined : value))

const short = (text: string): string => (text.length > 120 ? `${text.slice(0, 117)}...` : text)
