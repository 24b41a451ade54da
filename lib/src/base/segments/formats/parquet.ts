import { setImmediate } from 'node:timers/promises'
import { zstdCompressSync } from 'node:zlib'
import type { SchemaElement } from 'hyparquet'
import type { ColumnSource } from 'hyparquet-writer'
import type { FieldKind, RecordType, RecordValues } from '../../types/index.ts'
import { type SegmentFormat, synced } from './format.ts'

/** Larger groups cost memory for little. */
const GROUP_ROWS = 10_000
/** Decimals as most readers have them: 38 digits, 20 of them behind the point. */
const PRECISION = 38
const SCALE = 20

type Cell = string | number | bigint | boolean | null

/** A column of the file, and its values of some records; null where there is none. */
interface Column {
  readonly element: SchemaElement
  readonly cells: (records: readonly RecordValues[]) => Cell[]
}

const text = (name: string): SchemaElement => ({
  name,
  type: 'BYTE_ARRAY',
  converted_type: 'UTF8',
  logical_type: { type: 'STRING' },
  repetition_type: 'OPTIONAL',
})
const TYPES: Readonly<Record<Exclude<FieldKind, 'text' | 'decimal'>, Omit<SchemaElement, 'name'>>> = {
  time: {
    type: 'INT64',
    converted_type: 'TIMESTAMP_MICROS',
    logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MICROS' },
  },
  integer: { type: 'INT64' },
  float: { type: 'DOUBLE' },
  boolean: { type: 'BOOLEAN' },
}

/** The unscaled value of a decimal; null where it does not fit without being rounded. */
function unscaled(value: string): bigint | null {
  const [whole = '', fraction = ''] = value.split('.')
  if (fraction.length > SCALE || whole.replace('-', '').length > PRECISION - SCALE) return null
  return BigInt(`${whole}${fraction.padEnd(SCALE, '0')}`)
}

/**
 * A decimal has two columns: `price`, and `price_exact` as text for the few values that do not fit; then `price` is null. So nothing is
 * rounded, and nothing is refused.
 */
const columnsOf = (type: RecordType): readonly Column[] =>
  type.fields.flatMap(({ name, property, kind }): Column[] => {
    const given = (record: RecordValues): Cell => record[property] ?? null
    if (kind === 'text') return [{ element: text(name), cells: (records) => records.map(given) }]
    if (kind !== 'decimal') {
      const whole = kind === 'time' || kind === 'integer'
      const cell = (record: RecordValues) =>
        whole && record[property] !== undefined ? BigInt(record[property] as number) : given(record)
      return [{ element: { name, ...TYPES[kind], repetition_type: 'OPTIONAL' }, cells: (records) => records.map(cell) }]
    }
    const element: SchemaElement = {
      ...{ name, type: 'FIXED_LEN_BYTE_ARRAY', type_length: 16, converted_type: 'DECIMAL', repetition_type: 'OPTIONAL' },
      ...{ precision: PRECISION, scale: SCALE, logical_type: { type: 'DECIMAL', precision: PRECISION, scale: SCALE } },
    }
    // The exact column follows at once, of the same records.
    let exact: Cell[] = []
    const fitting = (records: readonly RecordValues[]): Cell[] => {
      exact = []
      return records.map((record) => {
        const value = record[property] as string | undefined
        const fits = value === undefined ? null : unscaled(value)
        exact.push(value !== undefined && fits === null ? value : null)
        return fits
      })
    }
    return [
      { element, cells: fitting },
      { element: text(`${name}_exact`), cells: () => exact },
    ]
  })

/** Parquet, compressed by zstd: times in microseconds UTC, decimals as DECIMAL(38, 20) with a column of text for those that do not fit. */
export const parquet = (): SegmentFormat => ({
  extension: 'parquet',
  write: async (type, lines, path) => {
    const { fileWriter, ParquetWriter } = await import('hyparquet-writer')
    const columns = columnsOf(type)
    const writer = new ParquetWriter({
      writer: fileWriter(path),
      schema: [{ name: type.name, num_children: columns.length }, ...columns.map(({ element }) => element)],
      codec: 'ZSTD',
      compressors: { ZSTD: (bytes) => zstdCompressSync(bytes) },
      createdBy: 'qicore',
    })
    let rows: RecordValues[] = []
    const group = async () => {
      const columnData = columns.map(({ element, cells }): ColumnSource => ({ name: element.name, data: cells(rows) }))
      await writer.write({ columnData, rowGroupSize: GROUP_ROWS })
      rows = []
      // Encoding is work of this thread: others come in between.
      await setImmediate()
    }
    for await (const some of lines)
      for (const line of some) {
        rows.push(type.decode(line))
        if (rows.length === GROUP_ROWS) await group()
      }
    if (rows.length > 0) await group()
    await writer.finish()
    await synced(path)
  },
})
