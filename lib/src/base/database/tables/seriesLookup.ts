import type { RecordName } from '../../types/index.ts'
import { SERIES_NAMES, type SeriesNameColumn } from './tables.ts'

/** SQL expressions for the names of a series; omitted names are empty text. */
export type SeriesNamesSql = Readonly<Partial<Record<SeriesNameColumn, string>>>

/** SQL expression: the number of a series; null if there is none. */
export const seriesNumberSql = (type: RecordName, of: SeriesNamesSql): string => registrySql('id', type, of)

/** SQL expression: a column of the registry for a series; null if there is none. */
export const registrySql = (column: 'id' | 'first' | 'last' | 'origin', type: RecordName, of: SeriesNamesSql): string =>
  `(select n.${column} from series as n where n.type = '${type}' and ${SERIES_NAMES.map((name) => `n.${name} = ${of[name] ?? "''"}`).join(' and ')})`
