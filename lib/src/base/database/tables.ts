import { instrument, QiError, type RecordField, type RecordType, type RecordValues, recordTypes } from '../types/index.ts'

/** A table as the writers see it; derived from the record type, whose fields are its columns. */
export interface TableSpec {
  readonly name: string
  /** Its columns, in the order they are written. */
  readonly fields: readonly RecordField[]
  /** The primary key, in the order of its index. */
  readonly key: readonly string[]
}

/** Where the instruments go, by kind. */
const REFERENCE = {
  currency: { name: 'currencies', without: ['kind', 'exchange', 'base', 'quote', 'tick_size', 'lot_size', 'calendar'] },
  exchange: { name: 'exchanges', without: ['kind', 'exchange', 'base', 'quote', 'tick_size', 'lot_size', 'calendar'] },
  pair: { name: 'trading_pairs', without: ['kind'] },
} as const

export type InstrumentKind = keyof typeof REFERENCE

const referenceTable = (kind: InstrumentKind): TableSpec => ({
  name: REFERENCE[kind].name,
  fields: instrument.fields.filter((field) => !(REFERENCE[kind].without as readonly string[]).includes(field.name)),
  key: ['source', 'coin_id'],
})

export const referenceTables: Readonly<Record<InstrumentKind, TableSpec>> = {
  currency: referenceTable('currency'),
  exchange: referenceTable('exchange'),
  pair: referenceTable('pair'),
}

/** The table of each record type that has one of its own. */
const ownTables = new Map<string, TableSpec>(
  Object.values(recordTypes as Record<string, RecordType>).flatMap((type) =>
    type.table === undefined ? [] : [[type.name, { name: type.table, fields: type.fields, key: type.key }]],
  ),
)

/** Every table that records are stored in. */
export const allTables: readonly TableSpec[] = [...ownTables.values(), ...Object.values(referenceTables)]

/** The table that a record belongs to. @throws QiError UNSUPPORTED for a record type that is not stored */
export function tableOf(type: RecordType, record: RecordValues): TableSpec {
  const table = type.name === instrument.name ? referenceTables[record.kind as InstrumentKind] : ownTables.get(type.name)
  if (table) return table
  if (type.name === instrument.name)
    throw new QiError('BAD_DATA', `instrument: kind ${JSON.stringify(record.kind)}: expected currency, exchange or pair`, {
      field: 'kind',
    })
  throw new QiError('UNSUPPORTED', `no table holds records of the type ${type.name}`)
}
