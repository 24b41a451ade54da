import { isAlias, isCollection, isMap, isScalar, isSeq, Lexer, LineCounter, type Node, parseDocument } from 'yaml'
import { quoted } from '../../../base/types/hidden.ts'
import type { PipelineProblem } from '../../../base/types/index.ts'
import { LIMITS } from './limits.ts'

/** Path of a value in the document: keys, and indexes into lists. */
export type Path = readonly (string | number)[]

/** A YAML document as plain values, and the place of each. */
export interface SourceDocument {
  readonly values: unknown
  /** A problem at the value of a path; at its nearest parent where the path has no value. */
  problemAt(path: Path, problem: string, remedy: string): PipelineProblem
  /** A problem at the key itself. */
  problemAtKey(path: Path, problem: string, remedy: string): PipelineProblem
}

export type ReadDocument = { readonly document: SourceDocument } | { readonly problems: readonly PipelineProblem[] }

/** Control characters, bidirectional controls, and halves of surrogate pairs: invisible to a reader, or impossible to store. */
const UNREADABLE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufff9-\ufffb]|\p{Cs}/u

const SHOWN = 80

/** `to[0].destination` */
export const fieldOf = (path: Path): string =>
  path.reduce<string>((text, part) => (typeof part === 'number' ? `${text}[${part}]` : text ? `${text}.${part}` : part), '')

/**
 * Reads one YAML document within {@link LIMITS}. Anchors, aliases, tags and keys that are not text are refused, so that each value has one
 * place in the text.
 */
export function readDocument(text: string, file: string): ReadDocument {
  const lines = new LineCounter()
  const problemOf = (offset: number, field: string, problem: string, remedy: string, value?: string): PipelineProblem => {
    const { line, col } = lines.linePos(offset)
    return {
      file,
      line: Math.max(1, line),
      column: Math.max(1, col),
      field,
      ...(value !== undefined && { value }),
      problem,
      remedy,
    }
  }
  const refused = boundsProblem(text)
  if (refused) {
    countLines(text, lines, refused.offset)
    return { problems: [problemOf(refused.offset, '', refused.problem, refused.remedy)] }
  }
  // The parser's check for unique keys takes quadratic time; `collect` finds repeated keys in one pass.
  const parsed = parseDocument(text, {
    lineCounter: lines,
    uniqueKeys: false,
    prettyErrors: false,
    version: '1.2',
    schema: 'core',
  })
  const wrong = [...parsed.errors, ...parsed.warnings]
  if (wrong.length > 0)
    return {
      problems: wrong
        .slice(0, LIMITS.problems)
        .map(({ message, pos }) => problemOf(pos[0], '', `no valid YAML: ${message}`, 'correct it')),
    }
  const collected = collect(parsed.contents)
  const found = collected.problems.map(({ node, field, problem, remedy }) => problemOf(startOf(node), field, problem, remedy))
  if (found.length > 0) return { problems: found.slice(0, LIMITS.problems) }
  const placed = (place: Place | undefined, path: Path, problem: string, remedy: string, value: unknown) =>
    problemOf(place?.start ?? 0, fieldOf(path), problem, remedy, shown(value))
  const document: SourceDocument = {
    values: collected.values,
    problemAt: (path, problem, remedy) => {
      const { value, nearest } = locate(collected.places, path)
      return placed(value ?? nearest, path, problem, remedy, value?.value)
    },
    problemAtKey: (path, problem, remedy) => placed(collected.keys.get(keyOf(path)), path, problem, remedy, undefined),
  }
  return { document }
}

interface Bound {
  readonly offset: number
  readonly problem: string
  readonly remedy: string
}

/** Checks the bounds before the text is parsed, because the parser has none. */
function boundsProblem(text: string): Bound | undefined {
  const bytes = new TextEncoder().encode(text).length
  if (bytes > LIMITS.bytes)
    return {
      offset: 0,
      problem: `it is ${bytes} bytes long`,
      remedy: `a declaration has at most ${LIMITS.bytes} bytes; split it`,
    }
  const unreadable = UNREADABLE.exec(text)
  if (unreadable) {
    const code = (unreadable[0].codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')
    return { offset: unreadable.index, problem: `it holds the control character U+${code}`, remedy: 'remove it' }
  }
  let depth = 0
  let tokens = 0
  for (const token of new Lexer().lex(text)) {
    tokens++
    if (token === '[' || token === '{') depth++
    else if (token === ']' || token === '}') depth--
    if (depth > LIMITS.depth)
      return { offset: 0, problem: 'lists and maps are nested too deep', remedy: `at most ${LIMITS.depth} levels` }
    if (tokens > LIMITS.tokens) return { offset: 0, problem: 'it has too many parts', remedy: 'split it into several pipelines' }
  }
  return undefined
}

/** Counts the lines of a text that is refused before it is parsed. */
function countLines(text: string, lines: LineCounter, end: number): void {
  lines.addNewLine(0)
  for (let at = text.indexOf('\n'); at >= 0 && at < end; at = text.indexOf('\n', at + 1)) lines.addNewLine(at + 1)
}

interface Place {
  readonly start: number
  readonly value: unknown
}

interface Found {
  readonly node: Node
  readonly field: string
  readonly problem: string
  readonly remedy: string
}

interface Collected {
  readonly values: unknown
  /** By {@link keyOf} of their path. */
  readonly places: ReadonlyMap<string, Place>
  readonly keys: ReadonlyMap<string, Place>
  readonly problems: readonly Found[]
}

const keyOf = (path: Path): string => JSON.stringify(path)
const startOf = (node: Node): number => node.range?.[0] ?? 0

/** Converts nodes to plain values, each with its place, and finds YAML that a declaration may not contain. */
function collect(contents: Node | null): Collected {
  const places = new Map<string, Place>()
  const keys = new Map<string, Place>()
  const problems: Found[] = []
  let nodes = 0
  const refuse = (node: Node, path: Path, problem: string, remedy: string): undefined => {
    problems.push({ node, field: fieldOf(path), problem, remedy })
  }
  const visit = (node: Node, path: Path): unknown => {
    const value = plain(node, path)
    places.set(keyOf(path), { start: startOf(node), value })
    return value
  }
  const plain = (node: Node, path: Path): unknown => {
    if (++nodes > LIMITS.nodes)
      return nodes === LIMITS.nodes + 1 ? refuse(node, path, 'there are too many values', 'split it') : undefined
    if (isAlias(node)) return refuse(node, path, `*${node.source} is an alias`, 'write the value out')
    if (node.anchor) return refuse(node, path, `&${node.anchor} is an anchor`, 'remove it; values are written out')
    if (node.tag && !node.tag.startsWith('tag:yaml.org,2002:')) return refuse(node, path, `${node.tag} is a tag`, 'remove it')
    if (isCollection(node) && path.length >= LIMITS.depth)
      return refuse(node, path, 'lists and maps are nested too deep', `at most ${LIMITS.depth} levels`)
    if (isSeq<Node>(node)) return node.items.map((item, index) => visit(item, [...path, index]))
    if (isMap<Node, Node | null>(node)) {
      const entries = new Map<string, unknown>()
      for (const { key, value } of node.items) {
        if (!isScalar(key) || typeof key.value !== 'string') {
          refuse(isScalar(key) ? key : node, path, 'a key is not text', 'write names as keys')
          continue
        }
        const below = [...path, key.value]
        if (entries.has(key.value)) refuse(key, below, 'it is given twice', 'keep one of them')
        keys.set(keyOf(below), { start: startOf(key), value: undefined })
        entries.set(key.value, value ? visit(value, below) : null)
      }
      return Object.fromEntries(entries)
    }
    return isScalar(node) ? node.value : undefined
  }
  return { values: contents ? visit(contents, []) : null, places, keys, problems }
}

/** The place of a path, else that of its nearest key or parent. */
function locate(places: ReadonlyMap<string, Place>, path: Path): { readonly value?: Place; readonly nearest?: Place } {
  const value = places.get(keyOf(path))
  if (value) return { value }
  for (let length = path.length - 1; length >= 0; length--) {
    const nearest = places.get(keyOf(path.slice(0, length)))
    if (nearest) return { nearest }
  }
  return {}
}

function shown(value: unknown): string | undefined {
  if (value === undefined || (typeof value === 'object' && value !== null)) return undefined
  const text = quoted(String(value))
  const json = typeof value === 'string' ? text : String(value)
  return json.length > SHOWN ? `${json.slice(0, SHOWN)}…` : json
}
