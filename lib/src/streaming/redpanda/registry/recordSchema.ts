import { z } from 'zod'
import type { RecordType } from '../../../base/index.ts'

/** The compatibility of a subject that has none of its own. */
export const DEFAULT_LEVEL = 'BACKWARD'

/** The subject of a topic's values, by Confluent's naming strategy of topics. */
export const subjectOf = (topic: string): string => `${topic}-value`

/** What of a JSON Schema of ours matters here. */
export interface RecordSchema {
  readonly title?: string
  readonly properties?: Readonly<Record<string, unknown>>
  readonly required?: readonly string[]
  readonly additionalProperties?: unknown
}

const isForward = (level: string): boolean => level.startsWith('FORWARD')

/**
 * The JSON Schema under which a record type's messages are registered: draft 7, which every registry takes. It is closed under BACKWARD,
 * which lets no field be added to an open schema: earlier messages might have held anything by that name. It is open under FORWARD, which
 * lets none be added to a closed one: readers by the earlier schema would refuse it.
 * @param level the compatibility of its subject
 */
export const recordSchema = (type: RecordType, level: string): RecordSchema => ({
  title: type.name,
  ...(z.toJSONSchema(type.schema, { target: 'draft-7', io: 'input' }) as RecordSchema),
  additionalProperties: isForward(level),
})

/** The schema that fits the level first, then the one that was registered while the subject had another level. */
export const recordSchemas = (type: RecordType, level: string): readonly [fitting: RecordSchema, other: RecordSchema] => [
  recordSchema(type, level),
  recordSchema(type, isForward(level) ? 'BACKWARD' : 'FORWARD'),
]
