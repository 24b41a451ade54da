/** A named part of a table, and the statement that creates it. */
export interface Part {
  readonly name: string
  readonly sql: string
}

export interface IndexPart extends Part {
  readonly unique: boolean
}

/** A table or view after a series of migrations. */
export interface Relation {
  readonly name: string
  readonly kind: 'table' | 'view'
  /** The statement that creates it, without later changes. */
  readonly sql: string
  /** Columns of the primary key; empty if there is none. */
  readonly key: readonly string[]
  /** Columns of each further unique constraint. */
  readonly uniques: readonly (readonly string[])[]
  readonly indexes: readonly IndexPart[]
  /** Named check constraints. */
  readonly constraints: readonly Part[]
}

/** A {@link Relation} while it is being read. */
interface Draft {
  name: string
  readonly kind: Relation['kind']
  readonly sql: string
  key: readonly string[]
  readonly uniques: (readonly string[])[]
  readonly indexes: IndexPart[]
  readonly constraints: Part[]
}

/**
 * Reads the relations that our own SQL creates, statement by statement: tables, views, keys, unique constraints, indexes and checks. It
 * knows the forms that migrations use and skips all others, such as functions.
 */
export function relationsOf(texts: readonly string[]): readonly Relation[] {
  const relations = new Map<string, Draft>()
  for (const statement of texts.flatMap(statementsOf)) read(relations, statement)
  return [...relations.values()]
}

/** The statements of a text, one line each, without comments and bodies of functions. */
const statementsOf = (text: string): string[] =>
  text
    .replace(/\$\$.*?\$\$/gs, "''")
    .replace(/--.*$/gm, '')
    .split(';')
    .map((statement) => statement.replace(/\s+/g, ' ').trim())
    .filter((statement) => statement !== '')

type Reader = (relations: Map<string, Draft>, match: RegExpExecArray, sql: string) => void

const READERS: readonly (readonly [RegExp, Reader])[] = [
  [
    /^create table (?:if not exists )?([\w.]+) ?\(/,
    (relations, { 1: name = '' }, sql) => {
      const table = draft(name, 'table', sql)
      for (const item of itemsOf(insideFirst(sql))) addItem(table, item)
      relations.set(name, table)
    },
  ],
  [
    /^create (?:or replace )?view ([\w.]+) as /,
    (relations, { 1: name = '' }, sql) => void relations.set(name, draft(name, 'view', sql)),
  ],
  [/^drop (?:table|view) (?:if exists )?([\w.]+)/, (relations, { 1: name = '' }) => void relations.delete(name)],
  [
    /^create (unique )?index (?:if not exists )?(\w+) on ([\w.]+) /,
    (relations, [, unique, name = '', table = ''], sql) =>
      relations.get(table)?.indexes.push({ name, sql, unique: unique !== undefined }),
  ],
  [
    /^drop index (?:if exists )?(\w+)/,
    (relations, { 1: name }) => {
      for (const { indexes } of relations.values()) without(indexes, (index) => index.name === name)
    },
  ],
  [
    /^alter table ([\w.]+) (.+)$/,
    (relations, [, name = '', actions = '']) => {
      const table = relations.get(name)
      if (table) for (const action of itemsOf(actions)) alter(relations, table, action)
    },
  ],
]

function read(relations: Map<string, Draft>, sql: string): void {
  for (const [form, reader] of READERS) {
    const match = form.exec(sql)
    if (match) reader(relations, match, sql)
  }
}

const draft = (name: string, kind: Draft['kind'], sql: string): Draft => ({
  ...{ name, kind, sql, key: [] },
  ...{ uniques: [], indexes: [], constraints: [] },
})

function alter(relations: Map<string, Draft>, table: Draft, action: string): void {
  const [, renamed] = /^rename to (\w+)/.exec(action) ?? []
  if (renamed !== undefined) {
    relations.delete(table.name)
    table.name = renamed
    relations.set(renamed, table)
  }
  const [, dropped] = /^drop constraint (?:if exists )?(\w+)/.exec(action) ?? []
  if (dropped !== undefined) {
    without(table.constraints, ({ name }) => name === dropped)
    if (dropped === `${table.name}_pkey`) table.key = []
  }
  const [, added] = /^add (?:column )?(.+)$/.exec(action) ?? []
  if (added !== undefined) addItem(table, added)
}

/** Adds a column or a constraint, from `create table` or `alter table … add`. */
function addItem(table: Draft, item: string): void {
  const [, named, kind] = /^(?:constraint (\w+) )?(primary key|unique|check|foreign key) ?\(/.exec(item) ?? []
  if (kind === undefined) addColumn(table, item)
  const columns = () => itemsOf(insideFirst(item))
  if (kind === 'primary key') table.key = columns()
  if (kind === 'unique') table.uniques.push(columns())
  // A check without a name gets one from PostgreSQL.
  if (kind === 'check' && named !== undefined)
    table.constraints.push({ name: named, sql: `alter table ${table.name} add ${item}` })
}

function addColumn(table: Draft, item: string): void {
  const [column = ''] = item.split(' ')
  if (/ primary key\b/.test(item)) table.key = [column]
  if (/ unique\b/.test(item)) table.uniques.push([column])
  const check = item.indexOf(' check (')
  if (check < 0) return
  const name = `${table.name}_${column}_check`
  table.constraints.push({
    name,
    sql: `alter table ${table.name} add constraint ${name} check (${insideFirst(item.slice(check))})`,
  })
}

/** The text within the first parentheses. */
function insideFirst(text: string): string {
  const open = text.indexOf('(')
  for (let at = open, depth = 0; at < text.length; at++) {
    if (text[at] === '(') depth++
    if (text[at] === ')' && --depth === 0) return text.slice(open + 1, at)
  }
  return text.slice(open + 1)
}

/** Splits at the commas outside parentheses. */
function itemsOf(text: string): string[] {
  const items: string[] = []
  let from = 0
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '(') depth++
    if (text[at] === ')') depth--
    if (text[at] !== ',' || depth > 0) continue
    items.push(text.slice(from, at).trim())
    from = at + 1
  }
  return [...items, text.slice(from).trim()]
}

function without<T>(list: T[], unwanted: (one: T) => boolean): void {
  const at = list.findIndex(unwanted)
  if (at >= 0) list.splice(at, 1)
}
