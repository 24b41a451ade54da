import type { RecordName } from '../../types/index.ts'
import { SERIES_NAMES, type SeriesName } from '../tables.ts'

/** SQL expressions for the names of a series; those that are left out are empty. */
export type SeriesOf = Readonly<Partial<Record<SeriesName, string>>>

/** SQL: the number of the series of a record type with these names; null where there is none. */
export const numberOf = (type: RecordName, of: SeriesOf): string => knownOf('id', type, of)

/** SQL: what the registry says of such a series. */
export const knownOf = (column: 'id' | 'first' | 'last' | 'origin', type: RecordName, of: SeriesOf): string =>
  `(select n.${column} from series as n where n.type = '${type}' and ${SERIES_NAMES.map((name) => `n.${name} = ${of[name] ?? "''"}`).join(' and ')})`
