import { HISTORY_TYPES, type HistoryType, type RecordType, recordTypes, type SeriesProof } from '../../types/index.ts'

/** Names of a series that its record type has no field for are empty. */
const NAMES = ['coin_id', 'source', 'currency', 'timeframe'] as const

/** A record type that coverage is kept of, as SQL needs it. */
export interface CoveredType {
  readonly name: HistoryType
  readonly table: string
  /** The columns that an index leads to. */
  readonly by: readonly string[]
  /** The names of a series that are columns of the table; the rest is empty. */
  readonly names: readonly string[]
  readonly proof: SeriesProof
  /** True if several records of a series may have one time. */
  readonly repeats: boolean
}

/** Made of the declarations of the record types. */
export const coveredTypes: readonly CoveredType[] = HISTORY_TYPES.map((name): CoveredType => {
  const { table = '', key, series = { by: [], proof: 'sessions' } } = recordTypes[name] as unknown as RecordType
  const { by, shared = [], proof } = series
  return {
    name,
    table,
    by,
    proof,
    names: NAMES.filter((column) => by.includes(column) || shared.includes(column)),
    repeats: key.some((column) => column !== 'time' && !by.includes(column)),
  }
})

export const typesWith = (proof: SeriesProof): readonly CoveredType[] => coveredTypes.filter((type) => type.proof === proof)

/** SQL: the rows `p` of a series `s`. */
export const rowsOf = ({ table, by }: CoveredType): string =>
  `${table} as p where ${by.map((column) => `p.${column} = s.${column}`).join(' and ')}`

/** SQL: a name of a series, of a row called `row`. */
export const nameOf = ({ names }: CoveredType, column: (typeof NAMES)[number], row: string): string =>
  names.includes(column) ? `${row}.${column}` : "''"
