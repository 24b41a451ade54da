import {
  isRecordName,
  isTopicName,
  isTopicReadable,
  PIPELINE_NAME,
  type PipelineDeclaration,
  type PipelineOutput,
} from './declaration.ts'
import type { Path, SourceDocument } from './document.ts'
import { LIMITS } from './limits.ts'
import type { ParsedDeclaration } from './parsed.ts'

type Values = Readonly<Record<string, unknown>>

/**
 * The parts of a declaration that can be read although others have errors, so that their references are checked at the same time. Values
 * that cannot be read are left out; problems keep their places in the text.
 * @param preset the pipeline's name where the text has none
 */
export function readableParts(document: SourceDocument, preset: string | undefined): ParsedDeclaration {
  const { name = preset, from, to } = asMap(document.values)
  const { records, topics } = asMap(from)
  const readTopics = found(topics, LIMITS.topics, (topic) => (isTopicReadable(topic) ? topic : undefined))
  const readRecords = found(records, LIMITS.outputs, (record) => (isRecordName(record) ? record : undefined))
  const outputs = found(to, LIMITS.outputs, outputOf)
  const named = typeof name === 'string' && PIPELINE_NAME.test(name)
  const declaration: PipelineDeclaration = {
    name: named ? name : '',
    from:
      topics === undefined
        ? { records: readRecords.map(({ value }) => value) }
        : { topics: readTopics.map(({ value }) => value) },
    to: outputs.map(({ value }) => value),
  }
  const places: Readonly<Record<string, readonly number[]>> = {
    to: outputs.map(({ at }) => at),
    'from.topics': readTopics.map(({ at }) => at),
  }
  return { declaration, document: placedBy(document, places), isPart: true }
}

const asMap = (value: unknown): Values =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Values) : {}

/** The entries of a list that can be read, with their indexes. */
function found<T>(
  list: unknown,
  most: number,
  read: (value: unknown) => T | undefined,
): { readonly at: number; readonly value: T }[] {
  if (!Array.isArray(list)) return []
  return list.slice(0, most).flatMap((entry, at) => {
    const value = read(entry)
    return value === undefined ? [] : [{ at, value }]
  })
}

function outputOf(entry: unknown): PipelineOutput | undefined {
  const { destination, topic, record } = asMap(entry)
  if (typeof destination === 'string' && PIPELINE_NAME.test(destination)) return { destination }
  return isTopicName(topic) && isRecordName(record) ? { topic, record } : undefined
}

/** Maps indexes of lists whose unreadable entries were left out to indexes of the text. */
function placedBy(document: SourceDocument, places: Readonly<Record<string, readonly number[]>>): SourceDocument {
  const original = (path: Path): Path =>
    path.map((part, i) => (typeof part === 'number' ? (places[path.slice(0, i).join('.')]?.[part] ?? part) : part))
  return {
    values: document.values,
    problemAt: (path, problem, remedy) => document.problemAt(original(path), problem, remedy),
    problemAtKey: (path, problem, remedy) => document.problemAtKey(original(path), problem, remedy),
  }
}
