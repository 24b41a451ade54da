import { formatTime, type Micros } from '../../../lib/src/base/types/index.ts'
import { age } from './age.ts'
import { markOf } from './mark.ts'
import type { Column } from './table.ts'

interface Dated {
  readonly time: Micros
  readonly origin: string
}

/** The age of a record by its time; for tables of current records. */
export const ageColumn = (now: number): Column<Dated> => ({
  title: 'age',
  kind: 'right',
  cell: (row) => age(row.time / 1000, now),
})

export const timeColumn: Column<Dated> = { title: 'time', cell: (row) => formatTime(row.time) }

export const originColumn: Column<Dated> = {
  title: 'origin',
  cell: ({ origin }) => markOf({ origin }) || origin,
  style: ({ origin }) => (markOf({ origin }) ? 'yellow' : 'dim'),
}
