import { QiError } from '../../types/index.ts'
import { ALLOWED_FUNCTIONS } from './allowed/functions.ts'
import { ALLOWED_NODES, REFUSED_NODES } from './allowed/nodes.ts'
import { mayName } from './allowed/relations.ts'
import { ALLOWED_TYPES } from './allowed/types.ts'
import { offsetOfByte, offsetOfCharacter, refusedAt } from './refusal.ts'

/** The longest query, in characters. */
export const LONGEST_SQL = 10_000
/** The deepest nesting of the parse tree; a subquery takes seven levels. */
const DEEPEST = 500

/** A name after a point: a column, or a function of one argument in attribute notation, `(x).f` for `f(x)`. */
export interface Attribute {
  readonly name: string
  readonly offset: number | undefined
}

export interface CheckedStatement {
  /** The query without the semicolon at its end. */
  readonly sql: string
  /** Names that may be calls of functions in attribute notation; only the database can tell. */
  readonly attributes: readonly Attribute[]
}

/**
 * Parses SQL from outside with PostgreSQL's own grammar and accepts one query: SELECT, VALUES or TABLE, with WITH, over functions and
 * types that are on a list. Tables are left to the rights of the role.
 * @throws QiError BAD_REQUEST unless it is a single statement, FORBIDDEN with the part that is not allowed; both with the position
 */
export async function checkStatement(text: string): Promise<CheckedStatement> {
  const sql = text.trim().replace(/(\s*;)+$/, '')
  if (sql.length > LONGEST_SQL)
    throw new QiError('BAD_REQUEST', `sql: ${sql.length} characters; write at most ${LONGEST_SQL}`, { field: 'sql' })
  if (sql.includes('\0')) throw new QiError('BAD_REQUEST', 'sql: it holds a NUL; leave it out', { field: 'sql' })
  const statements = sql === '' ? [] : await parse(sql)
  if (statements.length !== 1)
    throw new QiError('BAD_REQUEST', `sql: ${statements.length} statements; write one SELECT, without a semicolon inside`, {
      field: 'sql',
    })
  const [{ stmt } = { stmt: {} }] = statements
  const kind = Object.keys(stmt)[0] ?? 'nothing'
  if (kind !== 'SelectStmt')
    throw new QiError(
      'FORBIDDEN',
      `sql: ${REFUSED_NODES[kind] ?? `a ${kind.replace(/Stmt$/, '')} statement is not allowed; only reading is`}: write one SELECT`,
      { field: 'sql' },
    )
  const check = new Check(sql)
  check.node(stmt)
  return { sql, attributes: check.attributes }
}

interface Parsed {
  readonly stmt: Tree
}
type Tree = Readonly<Record<string, unknown>>

async function parse(sql: string): Promise<readonly Parsed[]> {
  // A megabyte of WebAssembly, which most processes never need.
  const { parse } = await import('libpg-query')
  try {
    return ((await parse(sql)).stmts ?? []) as unknown as readonly Parsed[]
  } catch (error) {
    const { sqlDetails } = error as { readonly sqlDetails?: { readonly cursorPosition: number } }
    if (!sqlDetails) throw new QiError('BAD_REQUEST', 'sql: it cannot be parsed; write a simpler SELECT', { cause: error })
    const offset = sqlDetails.cursorPosition >= 0 ? offsetOfCharacter(sql, sqlDetails.cursorPosition) : undefined
    throw refusedAt('BAD_REQUEST', sql, offset, `${(error as Error).message}; write one SELECT`)
  }
}

const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value)

/** A key that names the type of its node, such as `{ FuncCall: { … } }`; structures of a fixed type have none. */
const WRAPPED = /^[A-Z]/

class Check {
  readonly attributes: Attribute[] = []
  readonly #sql: string

  constructor(sql: string) {
    this.#sql = sql
  }

  node(root: unknown): void {
    // Without recursion, because the caller determines the depth of the tree.
    const open: { readonly value: unknown; readonly depth: number; readonly near: number | undefined }[] = [
      { value: root, depth: 0, near: undefined },
    ]
    for (let next = open.pop(); next; next = open.pop()) {
      const { value, depth } = next
      if (depth > DEEPEST) throw this.#refused('BAD_REQUEST', next.near, 'it is nested too deeply; write a flatter query')
      if (Array.isArray(value)) for (const each of value) open.push({ value: each, depth: depth + 1, near: next.near })
      if (!isTree(value)) continue
      const near = typeof value.location === 'number' && value.location >= 0 ? value.location : next.near
      for (const [key, field] of Object.entries(value)) {
        if (WRAPPED.test(key)) this.#wrapped(key, isTree(field) ? field : {}, near)
        else this.#plain(key, field, near)
        open.push({ value: field, depth: depth + 1, near })
      }
    }
  }

  #wrapped(kind: string, node: Tree, near: number | undefined): void {
    const at = typeof node.location === 'number' && node.location >= 0 ? node.location : near
    if (!ALLOWED_NODES.has(kind)) throw this.#refused('FORBIDDEN', at, REFUSED_NODES[kind] ?? `${kind} is not allowed`)
    if (kind === 'FuncCall') this.#function(namesIn(node.funcname), at)
    if (kind === 'RangeVar') this.#relation(node, at)
    if (kind === 'TypeName') this.#type(node, at)
    if (kind === 'A_Expr') this.#operator(namesIn(node.name), at)
    if (kind === 'ColumnRef') this.#attributes(namesIn(node.fields).slice(1), at)
    if (kind === 'A_Indirection') this.#attributes(namesIn(node.indirection), at)
    if (kind === 'RangeTableSample') this.#sample(namesIn(node.method), at)
  }

  /** Fields of a fixed type, which the parser writes without the name of the type. */
  #plain(key: string, field: unknown, near: number | undefined): void {
    if (key === 'intoClause') throw this.#refused('FORBIDDEN', near, 'INTO makes a table; leave it out')
    if (key === 'typeName' && isTree(field)) this.#type(field, near)
    if (key === 'useOp' || key === 'operName') this.#operator(namesIn(field), near)
  }

  #function(names: readonly string[], at: number | undefined): void {
    const name = names.at(-1) ?? ''
    if (names.length > 1 && (names.length > 2 || names[0] !== 'pg_catalog'))
      throw this.#refused(
        'FORBIDDEN',
        at,
        `function ${shown(names)} is not allowed; only PostgreSQL's own are: write the name without a schema`,
      )
    if (ALLOWED_FUNCTIONS.has(name)) return
    throw this.#refused(
      'FORBIDDEN',
      at,
      `function ${shown(names)} is not allowed; there are functions for aggregates, windows, mathematics, text, times, JSON, arrays and ranges`,
    )
  }

  #relation({ schemaname, relname }: Tree, at: number | undefined): void {
    const schema = typeof schemaname === 'string' ? schemaname : undefined
    const names = [...(schema === undefined ? [] : [schema]), String(relname)]
    if (mayName(schema, String(relname))) return
    throw this.#refused(
      'FORBIDDEN',
      at,
      `${shown(names)} may not be read; the tables are those of the resource qicore://schema, and information_schema`,
    )
  }

  #type(node: Tree, near: number | undefined): void {
    const names = namesIn(node.names)
    const own = names.length === 1 || (names.length === 2 && names[0] === 'pg_catalog')
    if (own && ALLOWED_TYPES.has(names.at(-1) ?? '')) return
    const at = typeof node.location === 'number' && node.location >= 0 ? node.location : near
    throw this.#refused(
      'FORBIDDEN',
      at,
      `type ${shown(names)} is not allowed; use numeric, text, timestamptz, interval, jsonb and the like`,
    )
  }

  #operator(names: readonly string[], at: number | undefined): void {
    if (names.length > 1 && names[0] !== 'pg_catalog')
      throw this.#refused('FORBIDDEN', at, `operator ${shown(names)} is not allowed; write it without a schema`)
  }

  #sample(names: readonly string[], at: number | undefined): void {
    if (names.length === 1 && ['bernoulli', 'system'].includes(names[0] as string)) return
    throw this.#refused('FORBIDDEN', at, `sampling method ${shown(names)} is not allowed; use system or bernoulli`)
  }

  #attributes(names: readonly string[], at: number | undefined): void {
    for (const name of names) if (!ALLOWED_FUNCTIONS.has(name)) this.attributes.push({ name, offset: this.#offset(at) })
  }

  #offset = (at: number | undefined): number | undefined => (at === undefined ? undefined : offsetOfByte(this.#sql, at))

  #refused(code: 'BAD_REQUEST' | 'FORBIDDEN', at: number | undefined, problem: string): QiError {
    return refusedAt(code, this.#sql, this.#offset(at), problem)
  }
}

/** The texts of a list of names, without stars and subscripts. */
const namesIn = (list: unknown): readonly string[] =>
  (Array.isArray(list) ? list : []).flatMap((item: { readonly String?: { readonly sval?: string } }) =>
    item.String ? [item.String.sval ?? ''] : [],
  )

const shown = (names: readonly string[]): string => JSON.stringify(names.join('.').slice(0, 80))
