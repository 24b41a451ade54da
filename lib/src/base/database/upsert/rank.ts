import { compareDecimals, type Decimal, type RecordField, type RecordValues } from '../../types/index.ts'

/**
 * The fields that decide between two rows of one key, in order: `is_final`, `received_at`, then all others as declared; NULL ranks below any
 * value. Rows equal in all of them are the same row, so the winner never depends on the order of arrival.
 * @param fields of a row
 * @param key names of the key fields
 */
export function rank(fields: readonly RecordField[], key: readonly string[]): readonly RecordField[] {
  const own = fields.filter((field) => !key.includes(field.name))
  const first = ['is_final', 'received_at'].flatMap((name) => own.filter((field) => field.name === name))
  return [...first, ...own.filter((field) => !first.includes(field))]
}

/** The same order outside SQL: above 0 if `a` wins, below 0 if `b` wins, 0 for the same row. */
export function compareRanked(ranked: readonly RecordField[], a: RecordValues, b: RecordValues): number {
  for (const { property, kind } of ranked) {
    const [x, y] = [a[property], b[property]]
    if (x === y) continue
    if (x === undefined) return -1
    if (y === undefined) return 1
    const order =
      kind === 'decimal'
        ? compareDecimals(x as Decimal, y as Decimal)
        : kind === 'text'
          ? byBytes(x, y)
          : kind === 'decimals'
            ? compareLists(x as readonly Decimal[], y as readonly Decimal[])
            : x < y
              ? -1
              : 1
    if (order !== 0) return order
  }
  return 0
}

/** Compares lists as PostgreSQL compares arrays: by the first element that differs, else the shorter one is less. */
function compareLists(x: readonly Decimal[], y: readonly Decimal[]): number {
  for (let i = 0; i < Math.min(x.length, y.length); i++) {
    const order = compareDecimals(x[i] as Decimal, y[i] as Decimal)
    if (order !== 0) return order
  }
  return x.length - y.length
}

/** Compares texts byte by byte, like columns with collation "C". */
const byBytes = (x: unknown, y: unknown): number => Buffer.compare(Buffer.from(String(x)), Buffer.from(String(y)))
