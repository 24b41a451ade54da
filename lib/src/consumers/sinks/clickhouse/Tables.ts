import { type Logger, QiError, type RecordType } from '../../../base/types/index.ts'
import { numberOf } from './failures.ts'
import type { Server } from './Server.ts'
import { addColumns, compareTable, createTable, createView, type FoundTable, shapeOf, type TableShape } from './shape.ts'

const ACCESS_DENIED = 497

export interface Table extends TableShape {
  /** Qualified and quoted. */
  readonly name: string
}

interface FoundColumn {
  readonly table: string
  readonly name: string
  readonly type: string
  readonly default_kind: string
}

export interface TablesOptions {
  readonly database: string
  readonly prefix: string
  readonly logger: Logger
}

/** The tables of a destination, created where they are missing and checked before the first record is written. */
export class Tables {
  readonly #server: Server
  readonly #options: TablesOptions
  readonly #ready = new Map<string, Promise<Table>>()

  constructor(server: Server, options: TablesOptions) {
    this.#server = server
    this.#options = options
  }

  /**
   * The table for records of a type.
   * @throws QiError CONFIG_INVALID where the existing table would lose or duplicate records
   */
  of(type: RecordType): Promise<Table> {
    const known = this.#ready.get(type.name)
    if (known) return known
    const ready = this.#prepare(type)
    this.#ready.set(type.name, ready)
    ready.catch(() => this.forget(type))
    return ready
  }

  /** Makes the next call check the table again, as after it was dropped. */
  forget(type: RecordType): void {
    this.#ready.delete(type.name)
  }

  async #prepare(type: RecordType): Promise<Table> {
    const { database, prefix } = this.#options
    const shape = shapeOf(type)
    const own = `${prefix}${type.name}`
    const name = this.#quoted(own)
    const found = await this.#find(own)
    if (!found) await this.#server.command(createTable(name, shape))
    else {
      const { faults, missing } = compareTable(found, shape)
      if (faults.length > 0) {
        const field = `${this.#server.site.at}.table_prefix`
        throw new QiError(
          'CONFIG_INVALID',
          `${field}: the table ${database}.${own} of ClickHouse cannot hold the records: ${faults.join('; ')}. Choose another prefix, so that a new table is created, or change this one`,
          { field, advised: true },
        )
      }
      if (missing.length > 0) await this.#server.command(addColumns(name, missing))
    }
    await this.#prepareView(`${own}_final`, name, shape)
    return { ...shape, name }
  }

  async #prepareView(view: string, table: string, shape: TableShape): Promise<void> {
    const columns = await this.#columns(view)
    const names = columns.map(({ name }) => name)
    if (shape.all.every((name) => names.includes(name))) return
    try {
      await this.#server.command(createView(this.#quoted(view), table, shape))
    } catch (error) {
      if (numberOf(error) !== ACCESS_DENIED) throw error
      this.#options.logger.warn(
        { view, err: error },
        `the view ${view} of ClickHouse cannot be created: query the table with FINAL`,
      )
    }
  }

  async #find(name: string): Promise<FoundTable | undefined> {
    const [table] = await this.#server.rows<{ engine: string; engine_full: string; sorting_key: string }>(
      `select engine, engine_full, sorting_key from system.tables where ${this.#where('name', name)}`,
    )
    if (!table) return undefined
    const columns = await this.#columns(name)
    return {
      engine: table.engine,
      engineFull: table.engine_full,
      sortingKey: table.sorting_key,
      columns: columns.map(({ name: column, type, default_kind }) => ({
        name: column,
        type,
        computed: default_kind === 'MATERIALIZED',
      })),
    }
  }

  #columns(table: string): Promise<FoundColumn[]> {
    return this.#server.rows(`select name, type, default_kind from system.columns where ${this.#where('table', table)}`)
  }

  // Without escapes: the names have only letters, digits and underscores.
  #where(column: string, name: string): string {
    return `database = '${this.#options.database}' and ${column} = '${name}'`
  }

  #quoted(name: string): string {
    return `\`${this.#options.database}\`.\`${name}\``
  }
}
