import { text } from 'node:stream/consumers'
import type { ReadLimits, ReadRows } from '../../../lib/src/base/database/index.ts'
import { QiError, toQiError } from '../../../lib/src/base/types/index.ts'
import type { LoadedConfig } from '../../../lib/src/streaming/platform/index.ts'
import { openReadsOf, openStoreOf } from '../engines.ts'
import type { Session } from '../session.ts'
import { printCsv } from '../text/csv.ts'
import { type Column, printTable } from '../text/table.ts'

export interface SqlInput {
  readonly statement: string
  readonly limit?: string
  readonly timeout?: string
}

const PRESET = 1000
const MOST = 100_000
/** Less than the time limit of the role. */
const MOST_SECONDS = 9
/** Most bytes of an answer, and most characters of one row. */
const ROOM = 256_000_000
const WIDTH = 20_000

export async function run(session: Session, input: SqlInput): Promise<undefined> {
  const limit = whole('limit', input.limit, PRESET, MOST)
  const timeoutMs = whole('timeout', input.timeout, MOST_SECONDS, MOST_SECONDS) * 1000
  const statement = input.statement === '-' ? await text(process.stdin) : input.statement
  const loaded = await session.load()
  const limits = { limit, offset: 0, room: ROOM, width: WIDTH, timeoutMs, signal: session.signal }
  const found = await session.unlessInterrupted(ask(session, loaded, statement, limits))
  const { columns, rows, more } = found
  if (session.json) return void (await session.out.json({ columns, rows, more }))
  if (session.csv) await printCsv(session.out, columns, keyed(found))
  else if (rows.length > 0) await printTable(session.out, columnsOf(columns), rows)
  else await session.remark('no rows')
  if (more) await session.remark(`there are more rows: raise --limit (now ${limit}), or narrow the statement`)
}

/** Runs the statement. If the readers' role does not exist yet, it is created with the rights of DATABASE_URL; tables are not changed. */
async function ask(session: Session, loaded: LoadedConfig, statement: string, limits: ReadLimits): Promise<ReadRows> {
  const caller = `qicore sql ${process.pid}`
  try {
    await using store = await openReadsOf(session, loaded)
    return await store.sql.read(statement, limits, caller)
  } catch (error) {
    const { url, read_url: readUrl } = loaded.config.database
    if (toQiError(error).code !== 'UNSUPPORTED' || !url || readUrl) throw error
  }
  await using store = await openStoreOf(session, loaded, { migrations: 'refuse' })
  return await store.sql.read(statement, limits, caller)
}

/** Columns by position, because two columns may have the same name. */
const columnsOf = (columns: readonly string[]): Column<ReadRows['rows'][number]>[] =>
  columns.map((title, i) => ({ title, cell: (row) => (row[i] === null ? '' : String(row[i])) }))

const keyed = ({ columns, rows }: ReadRows) => rows.map((row) => Object.fromEntries(columns.map((name, i) => [name, row[i]])))

/** @throws QiError BAD_REQUEST */
function whole(name: string, given: string | undefined, preset: number, most: number): number {
  if (given === undefined) return preset
  if (/^[1-9]\d{0,8}$/.test(given) && Number(given) <= most) return Number(given)
  throw new QiError('BAD_REQUEST', `--${name} "${given.slice(0, 40)}": expected a whole number from 1 to ${most}`, {
    field: name,
  })
}
