import { z } from 'zod'
import type { RecordType } from '../../../base/types/index.ts'

/** The compatibility set for a subject that has none of its own. */
export const DEFAULT_LEVEL = 'BACKWARD'

/** The subject of a topic's values, by Confluent's naming strategy of topics. */
export const subjectOf = (topic: string): string => `${topic}-value`

/** The parts of a record type's JSON Schema that are compared. */
export interface RecordSchema {
  readonly title?: string
  readonly properties?: Readonly<Record<string, unknown>>
  readonly required?: readonly string[]
  readonly additionalProperties?: unknown
}

const isForward = (level: string): boolean => level.startsWith('FORWARD')

/**
 * The JSON Schema registered for a record type: draft 7, which every registry accepts. BACKWARD needs a closed schema
 * (`additionalProperties: false`) for a field to be added later: with an open one, earlier messages might have had anything by that
 * name. FORWARD needs an open one, because readers with the earlier schema would refuse a new field in a closed one.
 * @param level the compatibility of the subject
 */
export const recordSchema = (type: RecordType, level: string): RecordSchema => ({
  title: type.name,
  ...(z.toJSONSchema(type.schema, { target: 'draft-7', io: 'input' }) as RecordSchema),
  additionalProperties: isForward(level),
})

/** The schema that fits the level, and the one that may have been registered while the subject had another level. */
export const recordSchemas = (type: RecordType, level: string): readonly [fitting: RecordSchema, other: RecordSchema] => [
  recordSchema(type, level),
  recordSchema(type, isForward(level) ? 'BACKWARD' : 'FORWARD'),
]
