import { type FieldKind, type RecordType, recordTypes } from '../../types/index.ts'
import { type SeriesTable, seriesTables } from '../tables/tables.ts'
import { inOrder } from './views.ts'

/** Forms of figures for programs without exact decimals: exact text, or an eight-byte float (about 16 digits) for plots. */
export const FIGURE_TYPES = { text: 'text', float: 'float8' } as const
export type FigureForm = keyof typeof FIGURE_TYPES
const FORMS = Object.keys(FIGURE_TYPES) as readonly FigureForm[]

/** Name of a view, such as `crypto_prices_text`. */
export const figureView = (view: string, form: FigureForm): string => `${view}_${form}`

const fieldsOf = ({ series }: SeriesTable): RecordType['fields'] =>
  ((recordTypes as Record<string, unknown>)[series.type] as RecordType).fields

/** Kinds with exact decimals, with the suffix of their form's type. */
const SUFFIX: Readonly<Partial<Record<FieldKind, string>>> = { decimal: '', decimals: '[]' }

/** Tables with decimals. Computed figures are floats already. */
const WITH_DECIMALS = seriesTables.filter((table) => fieldsOf(table).some(({ kind }) => kind in SUFFIX))

/** All views of this kind. */
export const FIGURE_VIEWS: readonly string[] = WITH_DECIMALS.flatMap(({ series }) =>
  FORMS.map((form) => figureView(series.view, form)),
)

/**
 * SQL of a view with the rows, names and columns of the plain view, and each decimal, also of a list, in another form. As there, the registry leads a query
 * for a coin to the rows of its series, and a later column must come last.
 */
const figureViewOf = (table: SeriesTable, form: FigureForm): string => {
  const { name, series } = table
  const shown = fieldsOf(table).map(({ name: column, kind }) => {
    if (series.names.some((field) => field.name === column)) return [column, `s.${column}`] as const
    const suffix = SUFFIX[kind]
    return [column, suffix === undefined ? `r.${column}` : `r.${column}::${FIGURE_TYPES[form]}${suffix} as ${column}`] as const
  })
  return `create or replace view ${figureView(series.view, form)} as select ${inOrder(series.view, shown)}
  from ${name} as r join series as s on s.id = r.series;
`
}

export const makeFigureViews = (): string =>
  WITH_DECIMALS.flatMap((table) => FORMS.map((form) => figureViewOf(table, form))).join('')
