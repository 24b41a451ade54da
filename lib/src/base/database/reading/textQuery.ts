import type { ClientBase, Submittable } from 'pg'

/** A row as the server sent it: text by column name. */
export type RawRow = Readonly<Record<string, string | null>>

export interface Statement {
  readonly text: string
  /** Texts, numbers, booleans, nulls and lists of texts. */
  readonly values?: readonly unknown[]
  /** Prepares the statement under this name on each connection; for frequent statements. */
  readonly name?: string
}

/** Internals of pg that its types leave out. */
interface Connection {
  readonly stream: { cork(): void; uncork(): void }
  /** Text of each parsed statement, by name. */
  readonly parsedStatements: Readonly<Record<string, string>>
  parse(statement: { text: string; name: string }): void
  bind(to: { statement: string; values: (string | null)[] }): void
  describe(what: { type: 'P'; name: string }): void
  execute(what: { rows: number }): void
  sync(): void
}

/** Columns of the prepared statements of a connection. They cannot go stale: the server refuses a prepared statement whose columns changed. */
const shapes = new WeakMap<Connection, Map<string, readonly string[]>>()

/** Runs one statement and returns its rows as text. */
export const textRows = (client: ClientBase, statement: Statement): Promise<readonly RawRow[]> =>
  new Promise((resolve, reject) => {
    client.query(new TextQuery(statement, resolve, reject))
  })

/**
 * A query for pg's clients that keeps values as text. pg's own query has the server describe the columns each time and sets up a parser
 * for each; for a row or two that costs more than the read itself.
 */
class TextQuery implements Submittable {
  readonly text: string
  readonly values: readonly unknown[]
  readonly name: string
  readonly handleError: (error: Error) => void
  readonly #resolve: (rows: readonly RawRow[]) => void
  readonly #rows: RawRow[] = []
  #columns: readonly string[] | undefined
  #shapes: Map<string, readonly string[]> | undefined

  constructor(
    { text, values = [], name = '' }: Statement,
    resolve: (rows: readonly RawRow[]) => void,
    reject: (error: Error) => void,
  ) {
    this.text = text
    this.values = values
    this.name = name
    this.#resolve = resolve
    this.handleError = reject
  }

  submit = (given: unknown): void => {
    const connection = given as Connection
    const { name, text } = this
    this.#shapes = shapesOn(connection)
    this.#columns = this.#shapes.get(name)
    connection.stream.cork()
    if (connection.parsedStatements[name] === undefined) connection.parse({ text, name })
    connection.bind({ statement: name, values: this.values.map(parameter) })
    if (!this.#columns) connection.describe({ type: 'P', name: '' })
    connection.execute({ rows: 0 })
    connection.sync()
    connection.stream.uncork()
  }

  handleRowDescription({ fields }: { readonly fields: readonly { readonly name: string }[] }): void {
    this.#columns = fields.map((field) => field.name)
    if (this.name !== '') this.#shapes?.set(this.name, this.#columns)
  }

  handleDataRow({ fields }: { readonly fields: readonly (string | null)[] }): void {
    const row: Record<string, string | null> = {}
    const columns = this.#columns as readonly string[]
    for (let i = 0; i < fields.length; i++) row[columns[i] as string] = fields[i] as string | null
    this.#rows.push(row)
  }

  handleCommandComplete(): void {}

  handleReadyForQuery(): void {
    this.#resolve(this.#rows)
  }
}

function shapesOn(connection: Connection): Map<string, readonly string[]> {
  let known = shapes.get(connection)
  if (!known) {
    known = new Map()
    shapes.set(connection, known)
  }
  return known
}

const parameter = (value: unknown): string | null => {
  if (value === null || value === undefined) return null
  return Array.isArray(value) ? `{${value.map(element).join(',')}}` : String(value)
}

const element = (value: unknown): string => (value === null ? 'NULL' : `"${String(value).replaceAll(/["\\]/g, '\\$&')}"`)
