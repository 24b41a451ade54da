import pg from 'pg'

/** The chunks that a statement read, by hypertable: compressed ones under the name of their table too. */
export interface Opened {
  readonly text: string
  readonly chunks: Readonly<Record<string, number>>
}

interface Node {
  readonly 'Relation Name'?: string
  readonly 'Actual Loops': number
  readonly Plans?: readonly Node[]
}

/** The chunks that were scanned at least once. */
function* scanned(node: Node): Generator<string> {
  const name = node['Relation Name']
  if (name !== undefined && node['Actual Loops'] > 0) yield name
  for (const child of node.Plans ?? []) yield* scanned(child)
}

/** Settings that make the server report the plan of every statement, including those of triggers. */
const TELLING = {
  log_min_duration: '0',
  log_analyze: 'on',
  log_timing: 'off',
  log_format: 'json',
  log_level: 'notice',
  log_nested_statements: 'on',
}

/**
 * Reads the plans of all statements of this process in a database. New connections report them (auto_explain, which comes with the server),
 * so the statements run with the product's settings, parameters and prepared plans.
 */
export class PlanWatch {
  /** Hypertables by number; the names of their chunks begin with it. */
  readonly #tables = new Map<number, string>()
  readonly #connect = pg.Client.prototype.connect
  #seen: Opened[] = []

  /** @param admin address of the database, as a superuser */
  static async start(admin: string): Promise<PlanWatch> {
    const client = new pg.Client(admin)
    await client.connect()
    const database = new URL(admin).pathname.slice(1)
    await client.query(`alter database ${database} set session_preload_libraries = 'auto_explain'`)
    for (const [name, value] of Object.entries(TELLING))
      await client.query(`alter database ${database} set auto_explain.${name} = '${value}'`)
    const watch = new PlanWatch()
    const { rows } = await client.query<{ id: number; table: string }>(
      'select id, table_name as table from _timescaledb_catalog.hypertable where compression_state <> 2',
    )
    for (const { id, table } of rows) watch.#tables.set(id, table)
    await client.end()
    return watch
  }

  private constructor() {
    const connect = this.#connect as (...args: unknown[]) => unknown
    const hear = (message: string) => this.#hear(message)
    pg.Client.prototype.connect = function (this: pg.Client, ...args: unknown[]) {
      this.on('notice', ({ message }) => hear(message ?? ''))
      return connect.apply(this, args)
    } as typeof pg.Client.prototype.connect
  }

  /** The statements run by `work` that read chunks. */
  async of(work: () => Promise<unknown>): Promise<readonly Opened[]> {
    this.#seen = []
    await work()
    return this.#seen.filter(({ chunks }) => Object.keys(chunks).length > 0)
  }

  /** For each table, the most chunks that one statement read. */
  async most(work: () => Promise<unknown>): Promise<Record<string, number>> {
    const most: Record<string, number> = {}
    for (const { chunks } of await this.of(work))
      for (const [table, count] of Object.entries(chunks)) most[table] = Math.max(most[table] ?? 0, count)
    return most
  }

  stop(): void {
    pg.Client.prototype.connect = this.#connect
  }

  #hear(message: string): void {
    const at = message.indexOf('{')
    if (!message.startsWith('duration:') || at < 0) return
    const { 'Query Text': text, Plan } = JSON.parse(message.slice(at)) as { readonly 'Query Text': string; readonly Plan: Node }
    const chunks: Record<string, number> = {}
    // A compressed chunk is scanned as two relations: the chunk, and the table with its compressed batches.
    for (const name of new Set(scanned(Plan))) {
      const table = this.#tables.get(Number(/^_hyper_(\d+)_\d+_chunk$/.exec(name)?.[1]))
      if (table !== undefined) chunks[table] = (chunks[table] ?? 0) + 1
    }
    this.#seen.push({ text, chunks })
  }
}
