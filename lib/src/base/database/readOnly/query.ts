import type { ClientBase, QueryArrayResult, QueryConfig } from 'pg'
import { QiError } from '../../types/index.ts'
import { type Pool, withClient } from '../connections/pool.ts'
import type { Statement } from '../reading/textQuery.ts'
import { AS_TEXT } from './cells.ts'
import { serverRefusal } from './failure.ts'
import type { ReadLimits } from './limits.ts'
import { refusedAt } from './refusal.ts'
import { cellWidth, Kept, type ReadRows } from './rows.ts'
import type { Attribute, CheckedStatement } from './statement.ts'

const MOST_COLUMNS = 50
/** Rows fetched at once. */
const STEP = 50
const DECLARE = 'declare bare no scroll cursor for '

/** Runs a statement of our own, under the same limits. */
export async function readNamed(pool: Pool, { text, values = [] }: Statement, limits: ReadLimits): Promise<ReadRows> {
  const { limit, offset, timeoutMs, signal } = limits
  return withClient(
    pool,
    async (client) => {
      await client.query(`begin transaction read only; set local statement_timeout = ${timeoutMs}; set local lock_timeout = 1000`)
      try {
        const found = await arrays(client, `${text} limit ${limit + 1} offset ${offset}`, values)
        const kept = new Kept(found.fields, limits)
        kept.add(found.rows)
        return kept.result()
      } catch (error) {
        throw serverRefusal(error, timeoutMs)
      } finally {
        await client.query('rollback').catch(() => {})
      }
    },
    signal ? { signal } : {},
  )
}

/**
 * Runs a checked query on a session of its own, in a read-only transaction. It is declared twice: first as it is, for its columns; then as
 * a subquery whose values are cut on the server, so that none is too long for this process.
 * @throws QiError for errors of the query; other errors unchanged
 */
export async function fetchRows(
  client: ClientBase,
  { sql, attributes }: CheckedStatement,
  limits: ReadLimits,
): Promise<ReadRows> {
  await refuseCalls(client, sql, attributes)
  try {
    await extended(client, `${DECLARE}${sql}`)
  } catch (error) {
    throw serverRefusal(error, limits.timeoutMs, { sql, before: DECLARE.length })
  }
  try {
    return await fetchDeclared(client, sql, limits)
  } catch (error) {
    throw serverRefusal(error, limits.timeoutMs)
  }
}

async function fetchDeclared(client: ClientBase, sql: string, limits: ReadLimits): Promise<ReadRows> {
  const { fields } = await client.query('fetch forward 0 from bare')
  await client.query('close bare')
  if (fields.length === 0 || fields.length > MOST_COLUMNS)
    throw new QiError('BAD_REQUEST', `sql: ${fields.length} columns; select 1 to ${MOST_COLUMNS} of them by name`, {
      field: 'sql',
    })
  const names = fields.map((_, at) => `c${at}`)
  const cut = names.map((name) => `left(${name}::text, ${cellWidth(fields.length, limits) + 1})`)
  await extended(client, `declare answer no scroll cursor for select ${cut} from (\n${sql}\n) as answer(${names})`)
  if (limits.offset > 0) await client.query(`move forward ${limits.offset} from answer`)
  const kept = new Kept(fields, limits)
  for (let missing = true; missing; ) {
    const { rows } = await arrays(client, `fetch forward ${STEP} from answer`)
    missing = kept.add(rows) && rows.length === STEP
  }
  return kept.result()
}

/**
 * Refuses calls in attribute notation: PostgreSQL takes `x.f` as a call of the function f if x has no such column. A name after a point
 * is refused if it is a function that is not on the list and does more than compute.
 */
async function refuseCalls(client: ClientBase, sql: string, attributes: readonly Attribute[]): Promise<void> {
  if (attributes.length === 0) return
  const { rows } = await client.query<{ name: string }>(
    `select proname as name from pg_catalog.pg_proc where proname = any($1) and provolatile <> 'i' and pronargs > 0 limit 1`,
    [[...new Set(attributes.map(({ name }) => name))]],
  )
  const called = attributes.find(({ name }) => name === rows[0]?.name)
  if (called)
    throw refusedAt(
      'FORBIDDEN',
      sql,
      called.offset,
      `${JSON.stringify(called.name)} after a point calls a function that is not allowed; give the column another name`,
    )
}

/** Uses the extended protocol, which accepts only one statement. */
const extended = (client: ClientBase, text: string) => client.query({ text, queryMode: 'extended' } as QueryConfig)

const arrays = (
  client: ClientBase,
  text: string,
  values: readonly unknown[] = [],
): Promise<QueryArrayResult<(string | null)[]>> => client.query({ text, values: [...values], rowMode: 'array', types: AS_TEXT })
