import {
  type ExactJson,
  JsonNumber,
  parseExactJson,
  QiError,
  type RecordField,
  type RecordType,
  recordTypes,
  suggest,
} from '../../../base/types/index.ts'

const PLACEHOLDER = /\{\{([^{}]*)\}\}/g
const WHOLE = /^\{\{([^{}]*)\}\}$/
const NAME = /^\s*([a-z0-9_]+)\s*(?:\|\s*(number)\s*)?$/

/** Placeholders of every record, besides its fields. */
const OF_ALL: readonly string[] = ['record_id', 'record_type']
const FIELDS: ReadonlySet<string> = new Set(Object.values(recordTypes).flatMap(({ fields }) => fields.map(({ name }) => name)))
const FIGURES: ReadonlySet<string> = new Set(
  Object.values(recordTypes).flatMap(({ fields }) => fields.filter(isFigure).map(({ name }) => name)),
)

function isFigure({ kind }: Pick<RecordField, 'kind'>): boolean {
  return kind === 'decimal' || kind === 'integer' || kind === 'float'
}

/** JSON with placeholders in its texts. */
export type Template = null | boolean | number | string | readonly Template[] | { readonly [name: string]: Template }

interface Placeholder {
  readonly field: string
  /** Written as a JSON number, digit by digit. */
  readonly asNumber: boolean
}

/** The values of a record by field name. */
export type Values = Readonly<Record<string, ExactJson>>

export const valuesOf = (type: Pick<RecordType, 'name'>, id: string, value: Uint8Array): Values => ({
  ...(parseExactJson(Buffer.from(value).toString()) as Values),
  record_id: id,
  record_type: type.name,
})

function placeholderOf(inner: string): Placeholder {
  const [, field = '', number] = NAME.exec(inner) ?? []
  return { field, asNumber: number !== undefined }
}

/** Describes the problem of the placeholders in a text; undefined where there is none. */
export function templateProblem(text: string): string | undefined {
  for (const [whole, inner = ''] of text.matchAll(PLACEHOLDER)) {
    const { field, asNumber } = placeholderOf(inner)
    if (field === '') return `${whole}: write {{field}}, or {{field | number}} for a number without quotes`
    if (!FIELDS.has(field) && !OF_ALL.includes(field))
      return `${whole}: no record has this field${suggest(field, [...OF_ALL, ...FIELDS])}`
    if (asNumber && !FIGURES.has(field)) return `${whole}: ${field} is not a number: write {{${field}}}`
  }
  const rest = text.replace(PLACEHOLDER, '')
  return /\{\{|\}\}/.test(rest) ? 'has {{ or }} without the other: write {{field}}' : undefined
}

/** The fields that a template needs. */
export function fieldsIn(template: Template): ReadonlySet<string> {
  const texts = textsIn(template)
  return new Set(
    texts
      .flatMap((text) => [...text.matchAll(PLACEHOLDER)].map(([, inner = '']) => placeholderOf(inner).field))
      .filter((field) => !OF_ALL.includes(field)),
  )
}

export function textsIn(template: Template): readonly string[] {
  if (typeof template === 'string') return [template]
  if (template === null || typeof template !== 'object') return []
  return Object.values(template as Readonly<Record<string, Template>>).flatMap(textsIn)
}

/**
 * Fills a template with the values of a record. A text that is only a placeholder becomes the value itself, or null without one; a
 * placeholder within other text becomes text, or empty without a value.
 */
export function filled(template: Template, values: Values): unknown {
  if (typeof template === 'string') return filledText(template, values)
  if (template === null || typeof template !== 'object') return template
  if (Array.isArray(template)) return template.map((item: Template) => filled(item, values))
  return Object.fromEntries(Object.entries(template).map(([name, item]) => [name, filled(item as Template, values)]))
}

function filledText(text: string, values: Values): unknown {
  const [, whole] = WHOLE.exec(text) ?? []
  if (whole === undefined) return text.replaceAll(PLACEHOLDER, (_, inner: string) => textOf(values, placeholderOf(inner).field))
  const { field, asNumber } = placeholderOf(whole)
  const value = values[field] ?? null
  return asNumber && typeof value === 'string' ? numberOf(value, field) : value
}

/** Fills a URL with the values of a record, each encoded as one part. @throws QiError BAD_DATA for a value that cannot be one */
export const filledUrl = (url: string, values: Values): string =>
  url.replaceAll(PLACEHOLDER, (_, inner: string) => {
    const { field } = placeholderOf(inner)
    const text = textOf(values, field)
    // These change the path, in any encoding.
    if (text === '' || text === '.' || text === '..')
      throw new QiError('BAD_DATA', `${field} "${text}" cannot be a part of a URL`)
    return encodeURIComponent(text)
  })

function textOf(values: Values, field: string): string {
  const value = values[field] ?? ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** A decimal string as a JSON number, without leading zeros. */
function numberOf(text: string, field: string): JsonNumber {
  const number = text.replace(/^(-?)0+(?=\d)/, '$1')
  if (!/^-?\d+(\.\d+)?$/.test(number)) throw new QiError('BAD_DATA', `${field} "${text.slice(0, 60)}" is not a number`)
  return new JsonNumber(number)
}
