import {
  type Calendar,
  type CalendarOwner,
  decimal,
  type FieldKind,
  type Micros,
  NEVER_CLOSED,
  parsePlainTime,
  parseTime,
  QiError,
  type RecordField,
  type RecordType,
  type RecordValues,
  type SeriesCalendars,
} from '../../types/index.ts'
import { isStalePlan } from '../connections/errors.ts'
import { type ConnectOptions, type Pool, withClient } from '../connections/pool.ts'
import { publicName, tableOf } from '../tables/tables.ts'
import { readDecimals } from './numericList.ts'
import { type RawRow, type Statement, textRows } from './textQuery.ts'
import { UnreadableRows } from './UnreadableRows.ts'

export type { RawRow, Statement } from './textQuery.ts'

/** Reads rows exactly: values stay text until they become fields of a record. */
export class RowReader {
  readonly #pool: Pool
  readonly #connect: ConnectOptions
  /** Rows that were skipped, since no record could be made of them. */
  readonly unreadable: UnreadableRows

  readonly #calendars: SeriesCalendars

  constructor(
    pool: Pool,
    connect: ConnectOptions = {},
    unreadable: UnreadableRows = new UnreadableRows(),
    calendars: SeriesCalendars = NEVER_CLOSED,
  ) {
    this.unreadable = unreadable
    this.#calendars = calendars
    this.#pool = pool
    this.#connect = connect
  }

  /**
   * Runs a statement; once more after a lost connection. The second try is not prepared, since the prepared form may be out of date.
   * @throws QiError
   */
  async rows(statement: Statement): Promise<readonly RawRow[]> {
    const { recover, troubles } = this.#connect
    const { text, values } = statement
    const ask = (what: Statement) => withClient(this.#pool, (client) => textRows(client, what), { ...this.#connect, about: text })
    troubles?.admit(text)
    const rows = await ask(statement).catch(async (error: QiError) => {
      if (error.code !== 'UNAVAILABLE' || error.partial) throw error
      if (!isStalePlan(error)) await recover?.()
      return ask({ text, ...(values && { values }) })
    })
    troubles?.passed(text)
    return rows
  }

  /** The trading hours of a series. @throws QiError */
  async calendarOf(series: CalendarOwner): Promise<Calendar> {
    await this.#calendars.refresh()
    return this.#calendars.of(series)
  }

  async records<R extends RecordValues>(type: RecordType<R>, statement: Statement): Promise<R[]> {
    return this.readable(type, await this.rows(statement))
  }

  /** Converts rows to records. A row that is not a valid record is skipped and remembered in `unreadable`. */
  readable<R extends RecordValues>(type: RecordType<R>, rows: readonly RawRow[]): R[] {
    const records: R[] = []
    for (const row of rows) {
      const record = this.unreadable.attempt(
        () => placeOf(type as unknown as RecordType, row),
        () => toRecord<R>(type.fields, row),
      )
      if (record !== undefined) records.push(record)
    }
    return records
  }
}

/** The public table name of a row, and its key. */
function placeOf(type: RecordType, row: RawRow): { table: string; key: Record<string, string> } {
  const table = tableOf(type, { kind: row.kind ?? undefined })
  const key = table.series ? type.key : table.key
  return { table: publicName(table), key: Object.fromEntries(key.map((column) => [column, row[column] ?? ''])) }
}

const readers: Readonly<Record<FieldKind, (text: string) => NonNullable<RecordValues[string]>>> = {
  text: (text) => text,
  decimal,
  time: readTime,
  integer: readInteger,
  float: Number,
  boolean: (text) => text === 't',
  decimals: readDecimals,
}

/** Converts a row to a record: columns named like a field are taken, others are left out. */
export function toRecord<R>(fields: readonly RecordField[], row: RawRow): R {
  const record: Record<string, RecordValues[string]> = {}
  for (const { name, property, kind } of fields) {
    const value = row[name]
    if (value !== null && value !== undefined) record[property] = readers[kind](value)
  }
  return record as R
}

/** Parses a time as the server writes it (`2026-01-31 12:00:00.5+00`). */
export function readTime(text: string): Micros {
  return parsePlainTime(wireTime(text)) ?? parseTime(text)
}

/** Converts a time as the server writes it in UTC to the wire form. Years beyond four digits yield text that {@link parseTime} refuses. */
export const wireTime = (text: string): string => `${text.slice(0, 10)}T${text.slice(11, -3)}Z`

/** @throws QiError BAD_DATA for an integer beyond the safe range of a number */
export function readInteger(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw new QiError('BAD_DATA', `${text} does not fit a number exactly`)
  return value
}
