import type { RecordType } from './define.ts'
import { type RecordName, recordTypes } from './index.ts'

const builtIn: ReadonlyMap<string, RecordType> = new Map(
  Object.values(recordTypes).map((type) => [type.topic, type as RecordType]),
)

/**
 * The record type that each topic carries: the topics of the record types themselves, and those that pipelines write. It is passed to
 * everything that reads or writes topics; a running platform brings it up to date at each deploy.
 */
export class TopicCatalogue {
  #declared: ReadonlyMap<string, RecordType> = new Map()

  /** @param declared topics of pipelines, each with the record type that it carries */
  constructor(declared: Iterable<readonly [topic: string, record: RecordName]> = []) {
    this.declare(declared)
  }

  /** Replaces the topics of pipelines. A topic of a record type keeps that type. */
  declare(declared: Iterable<readonly [topic: string, record: RecordName]>): void {
    this.#declared = new Map([...declared].map(([topic, record]) => [topic, recordTypes[record] as RecordType]))
  }

  /** Undefined for a topic that carries no record type, such as one of dead letters. */
  typeOf(topic: string): RecordType | undefined {
    return builtIn.get(topic) ?? this.#declared.get(topic)
  }

  /** Every topic that carries a record type, those of the record types first. */
  topics(): readonly string[] {
    return [...new Set([...builtIn.keys(), ...this.#declared.keys()])]
  }
}

/** True for the topic of a record type; a pipeline may read it and never write it. */
export const isBuiltInTopic = (topic: string): boolean => builtIn.has(topic)
