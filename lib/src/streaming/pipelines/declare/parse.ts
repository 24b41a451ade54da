import type { z } from 'zod'
import { suggest } from '../../../base/types/config/resolve.ts'
import { unwrap } from '../../../base/types/config/settings.ts'
import type { PipelineProblem } from '../../../base/types/index.ts'
import { wordIssue } from '../../../base/types/issues.ts'
import { declarationSchema, NAME_RULE, PIPELINE_NAME, type PipelineOutput } from './declaration.ts'
import { type Path, readDocument, type SourceDocument } from './document.ts'
import { LIMITS } from './limits.ts'
import type { ParsedDeclaration } from './parsed.ts'
import { inOrder } from './problem.ts'
import { readableParts } from './readable.ts'

export type ParseResult =
  | ParsedDeclaration
  | {
      readonly problems: readonly PipelineProblem[]
      /** The parts that can be read; absent where the text is not YAML. */
      readonly readable?: ParsedDeclaration
    }

export interface ParseOptions {
  /** Name of the text in problems: a path, or `draft of archive`. */
  readonly file: string
  /** The pipeline's name where the text has none, such as the file's name without its ending. */
  readonly name?: string | undefined
}

/**
 * Parses a declaration and checks all that needs no knowledge of other pipelines and destinations. Reports every problem at once. Pure,
 * and free of Node, so that a browser runs it too.
 */
export function parseDeclaration(text: string, { file, name: preset }: ParseOptions): ParseResult {
  const read = readDocument(text, file)
  if ('problems' in read) return read
  const { document } = read
  const result = declarationSchema.safeParse(document.values)
  const refused = (problems: readonly PipelineProblem[]): ParseResult => ({
    problems: inOrder(problems.slice(0, LIMITS.problems)),
    readable: readableParts(document, preset),
  })
  if (!result.success) return refused(result.error.issues.flatMap((issue) => explain(issue, document)))
  const { name = preset, description, from, to } = result.data
  const problems = [...nameProblems(name, result.data.name, document), ...shapeProblems(result.data, document)]
  if (problems.length > 0 || name === undefined) return refused(problems)
  return {
    declaration: {
      name,
      ...(description !== undefined && { description }),
      from: from.topics ? { topics: from.topics } : { records: from.records ?? [] },
      to: to as readonly PipelineOutput[],
    },
    document,
  }
}

function nameProblems(name: string | undefined, written: string | undefined, { problemAt }: SourceDocument): PipelineProblem[] {
  if (name === undefined) return [problemAt(['name'], 'is missing', 'give the pipeline a name')]
  if (written !== undefined || PIPELINE_NAME.test(name)) return []
  return [
    problemAt(
      ['name'],
      `is missing, and the file's name ${JSON.stringify(name.slice(0, 70))} cannot stand for it`,
      `add name: ${NAME_RULE}`,
    ),
  ]
}

type Written = z.output<typeof declarationSchema>

/** Checks that involve several values. */
function shapeProblems({ from, to }: Written, { problemAt }: SourceDocument): PipelineProblem[] {
  const problems: PipelineProblem[] = []
  if ((from.records === undefined) === (from.topics === undefined))
    problems.push(
      problemAt(['from'], from.records ? 'it has records and topics' : 'it is empty', 'give it either records or topics'),
    )
  for (const kind of ['records', 'topics'] as const)
    problems.push(...repeated(from[kind] ?? [], (at) => problemAt(['from', kind, at], 'it is listed twice', 'keep one of them')))
  to.forEach(({ destination, topic, record }, at) => {
    const path: Path = ['to', at]
    if ((destination === undefined) === (topic === undefined))
      problems.push(
        problemAt(
          path,
          destination ? 'it has a destination and a topic' : 'it has neither destination nor topic',
          'give it either; another entry may have the other',
        ),
      )
    else if (topic !== undefined && record === undefined)
      problems.push(problemAt([...path, 'record'], 'is missing', 'a topic carries one record type: name it'))
    else if (destination !== undefined && record !== undefined)
      problems.push(
        problemAt(
          [...path, 'record'],
          'it belongs to a topic',
          'remove it; a destination gets all records that the pipeline reads',
        ),
      )
  })
  for (const kind of ['destination', 'topic'] as const)
    problems.push(
      ...repeated(
        to.map((output) => output[kind]),
        (at) => problemAt(['to', at, kind], 'it is listed twice', 'keep one of them; each has one consumer group'),
      ),
    )
  return problems
}

function repeated(values: readonly (string | undefined)[], problem: (at: number) => PipelineProblem): PipelineProblem[] {
  const seen = new Set<string>()
  return values.flatMap((value, at) => {
    if (value === undefined) return []
    if (seen.has(value)) return [problem(at)]
    seen.add(value)
    return []
  })
}

/** The keys that the schema allows in the object at a path. */
function keysAt(path: Path): readonly string[] {
  let at: unknown = declarationSchema
  for (const part of path) {
    const schema = unwrap(at as z.ZodType)
    at = typeof part === 'number' ? (schema as z.ZodArray).element : (schema as z.ZodObject).shape[part]
  }
  return Object.keys((unwrap(at as z.ZodType) as z.ZodObject).shape)
}

/** Keys of later versions of the format, with the reason why they are refused. */
const NOT_YET: ReadonlyMap<string, string> = new Map([
  ['steps', 'this version has no steps: a pipeline delivers records unchanged'],
])

function explain(issue: z.core.$ZodIssue, document: SourceDocument): PipelineProblem[] {
  const path = issue.path as Path
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => {
      const later = path.length === 0 ? NOT_YET.get(key) : undefined
      if (later) return document.problemAtKey([...path, key], later, `remove ${key}`)
      return document.problemAtKey([...path, key], 'there is no such key', suggest(key, keysAt(path)).slice(2))
    })
  const value = path.reduce<unknown>((at, part) => (at as Record<string | number, unknown> | null)?.[part], document.values)
  if (value === undefined || (value === null && path.length === 0))
    return [document.problemAt(path, path.length === 0 ? 'the document is empty' : 'is missing', remedyOf(issue))]
  if (issue.code === 'invalid_value' && typeof value === 'string')
    return [document.problemAt(path, 'there is no such record type', suggest(value, issue.values.map(String)).slice(2))]
  return [document.problemAt(path, 'is not valid', remedyOf(issue))]
}

const remedyOf = (issue: z.core.$ZodIssue): string => wordIssue(issue, true)
