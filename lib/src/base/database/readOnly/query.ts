import type { FieldDef, QueryArrayResult, QueryConfig } from 'pg'
import { QiError } from '../../types/index.ts'
import { sqlState } from '../errors.ts'
import { createPool, type Pool, type PoolClient, withClient } from '../pool.ts'
import type { Statement } from '../textQuery.ts'
import { AS_TEXT, type Cell, cellOf } from './cells.ts'
import { type RoleOwner, readerUrl } from './role.ts'

export interface ReadLimits {
  /** Most rows. */
  readonly limit: number
  /** Rows left out before them. */
  readonly offset: number
  /** Most bytes of the rows as JSON; the first row comes in any case. */
  readonly room: number
  /** Most characters of all values of a row together. */
  readonly width: number
  /** For how long the server may work on it, in milliseconds. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal
}

export interface ReadRows {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly Cell[])[]
  /** Whether there are rows after these. */
  readonly more: boolean
}

const MOST_COLUMNS = 50
/** Rows fetched at once. */
const STEP = 50
/** A value is shown with so many characters at least. */
const LEAST_CELL = 20

/**
 * SQL from outside, run in a role that can only read, in a read-only transaction that is always rolled back, on a connection that is
 * closed after it: nothing it does to its session outlives it.
 * @throws QiError BAD_REQUEST for what is no query, FORBIDDEN for what the role may not read, TIMEOUT, UNSUPPORTED without the role
 */
export async function readSql(owner: RoleOwner, sql: string, limits: ReadLimits): Promise<ReadRows> {
  const query = sql.trim().replace(/(\s*;)+$/, '')
  const pool = createPool(await readerUrl(owner), { max: 1, applicationName: 'qicore reader' })
  // A query may lift its own time-out; this one it cannot reach.
  const deadline = AbortSignal.timeout(limits.timeoutMs * 2)
  const signal = limits.signal ? AbortSignal.any([deadline, limits.signal]) : deadline
  let backend: number | undefined
  try {
    return await withClient(
      pool,
      async (client) => {
        backend = (client as unknown as { readonly processID: number }).processID
        return fetchRows(client, query, limits).catch((error: unknown) => {
          throw refusal(error, limits.timeoutMs)
        })
      },
      { signal },
    )
  } finally {
    if (signal.aborted && backend !== undefined) await endBackend(owner.pool, backend)
    await pool.end()
  }
}

/** A statement of ours, under the same limits. */
export async function readNamed(pool: Pool, { text, values = [] }: Statement, limits: ReadLimits): Promise<ReadRows> {
  const { limit, offset, timeoutMs, signal } = limits
  return withClient(
    pool,
    async (client) => {
      await begin(client, timeoutMs)
      try {
        const found = await arrays(client, `${text} limit ${limit + 1} offset ${offset}`, values)
        const kept = new Kept(found.fields, limits)
        kept.add(found.rows)
        return kept.result()
      } catch (error) {
        throw refusal(error, timeoutMs)
      } finally {
        await client.query('rollback').catch(() => {})
      }
    },
    signal ? { signal } : {},
  )
}

/**
 * The query is read twice: first as it is, since text that is a query of its own stays inside the brackets that it is put in
 * then; and the values are cut on the server, so that none is too long for this process.
 */
async function fetchRows(client: PoolClient, query: string, limits: ReadLimits): Promise<ReadRows> {
  await begin(client, limits.timeoutMs)
  await extended(client, `declare bare no scroll cursor for ${query}`)
  const { fields } = await client.query('fetch forward 0 from bare')
  await client.query('close bare')
  if (fields.length === 0 || fields.length > MOST_COLUMNS)
    throw new QiError('BAD_REQUEST', `sql: ${fields.length} columns; select 1 to ${MOST_COLUMNS} of them by name`, {
      field: 'sql',
    })
  const names = fields.map((_, at) => `c${at}`)
  const cut = names.map((name) => `left(${name}::text, ${cellWidth(fields, limits) + 1})`)
  await extended(client, `declare answer no scroll cursor for select ${cut} from (\n${query}\n) as answer(${names})`)
  if (limits.offset > 0) await client.query(`move forward ${limits.offset} from answer`)
  const kept = new Kept(fields, limits)
  for (let missing = true; missing; ) {
    const { rows } = await arrays(client, `fetch forward ${STEP} from answer`)
    missing = kept.add(rows) && rows.length === STEP
  }
  await client.query('rollback')
  return kept.result()
}

const cellWidth = (fields: readonly FieldDef[], { width }: ReadLimits): number =>
  Math.max(LEAST_CELL, Math.floor(width / fields.length))

/** Rows until there are enough of them. */
class Kept {
  readonly #fields: readonly FieldDef[]
  readonly #limits: ReadLimits
  readonly #rows: Cell[][] = []
  #bytes = 0
  #more = false

  constructor(fields: readonly FieldDef[], limits: ReadLimits) {
    this.#fields = fields
    this.#limits = limits
  }

  /** @returns whether there is room for more */
  add(rows: readonly (readonly (string | null)[])[]): boolean {
    const most = cellWidth(this.#fields, this.#limits)
    for (const row of rows) {
      const cells = this.#fields.map(({ dataTypeID }, at) => cellOf(dataTypeID, row[at] ?? null, most))
      this.#bytes += Buffer.byteLength(JSON.stringify(cells))
      this.#more = this.#rows.length === this.#limits.limit || (this.#rows.length > 0 && this.#bytes > this.#limits.room)
      if (this.#more) return false
      this.#rows.push(cells)
    }
    return true
  }

  result(): ReadRows {
    return { columns: this.#fields.map(({ name }) => name), rows: this.#rows, more: this.#more }
  }
}

const begin = (client: PoolClient, timeoutMs: number) =>
  client.query(`begin transaction read only; set local statement_timeout = ${timeoutMs}; set local lock_timeout = 1000`)

/** By the extended protocol, which takes one statement and no more. */
const extended = (client: PoolClient, text: string) => client.query({ text, queryMode: 'extended' } as QueryConfig)

const arrays = (
  client: PoolClient,
  text: string,
  values: readonly unknown[] = [],
): Promise<QueryArrayResult<(string | null)[]>> => client.query({ text, values: [...values], rowMode: 'array', types: AS_TEXT })

/** It may be too late, or not be ours to end: then it ends by its own limits. */
async function endBackend(pool: Pool, backend: number): Promise<void> {
  await pool.query('select pg_terminate_backend($1)', [backend]).catch(() => {})
}

/** What the server said of the query, in words that help whoever wrote it. */
function refusal(error: unknown, timeoutMs: number): unknown {
  const state = sqlState(error)
  if (state === undefined || /^(08|28|53|57P|58)/.test(state)) return error
  const message = (error as Error).message.slice(0, 500)
  if (state === '57014' || state === '55P03')
    return new QiError(
      'TIMEOUT',
      `sql: it took longer than ${timeoutMs / 1000} s; narrow it by time and coin (such as time > now() - interval '1 day'), or aggregate less`,
      { field: 'sql', cause: error, retryable: false },
    )
  if (state === '42501')
    return new QiError(
      'FORBIDDEN',
      `sql: ${message}; the role reads records and reference tables alone, as the resource qicore://schema lists them, and calls nothing that reads files`,
      { field: 'sql', cause: error },
    )
  if (state === '25006')
    return new QiError('FORBIDDEN', `sql: ${message}; only reading is allowed`, { field: 'sql', cause: error })
  return new QiError(
    'BAD_REQUEST',
    `sql: ${message} (SQLSTATE ${state}); write one SELECT over the tables and columns of the resource qicore://schema`,
    { field: 'sql', cause: error },
  )
}
