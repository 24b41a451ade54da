import { z } from 'zod'
import type { RecordType } from '../../../base/index.ts'

/** The subject of a topic's values, by Confluent's naming strategy of topics. */
export const subjectOf = (topic: string): string => `${topic}-value`

/** What of a JSON Schema of ours matters here. */
export interface RecordSchema {
  readonly title?: string
  readonly properties?: Readonly<Record<string, unknown>>
  readonly required?: readonly string[]
  readonly additionalProperties?: unknown
}

/**
 * The JSON Schema under which a record type's messages are registered: draft 7, which every registry takes. It is closed, since a
 * message holds the fields of its record and no others: to an open schema a registry lets no field be added later, as earlier
 * messages might have held anything by that name.
 */
export const recordSchema = (type: RecordType): RecordSchema => ({
  title: type.name,
  ...(z.toJSONSchema(type.schema, { target: 'draft-7', io: 'input' }) as RecordSchema),
  additionalProperties: false,
})
