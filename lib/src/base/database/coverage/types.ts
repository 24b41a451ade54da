import { HISTORY_TYPES, type HistoryType, type RecordType, recordTypes, type SeriesProof } from '../../types/index.ts'
import { SERIES, type SeriesTable, seriesTables } from '../tables/tables.ts'

/** A record type with coverage, as SQL needs it. */
export interface CoveredType {
  readonly name: HistoryType
  /** The table of its rows, whose key begins with the number of the series. */
  readonly table: string
  readonly proof: SeriesProof
  /** True if several records of a series may share one time. */
  readonly repeats: boolean
}

/** The record types with coverage, from their declarations. */
export const coveredTypes: readonly CoveredType[] = HISTORY_TYPES.map((name): CoveredType => {
  const { proof = 'sessions' } = (recordTypes[name] as unknown as RecordType).series ?? {}
  const { name: table, key } = seriesTables.find(({ series }) => series.type === name) as SeriesTable
  return { name, table, proof, repeats: key.some((column) => column !== 'time' && column !== SERIES.name) }
})

export const typesWith = (proof: SeriesProof): readonly CoveredType[] => coveredTypes.filter((type) => type.proof === proof)

/** SQL: the rows `p` of a series `s`. */
export const rowsOf = ({ table }: CoveredType): string => `${table} as p where p.series = s.id`
