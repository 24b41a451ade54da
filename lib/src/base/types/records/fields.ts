import { z } from 'zod'
import { type Decimal, decimal } from '../decimal.ts'
import { toQiError } from '../errors.ts'
import { hiddenIn, visibleName } from '../hidden.ts'
import { type Micros, parseTime } from '../time.ts'

/** How a field is stored: the one mapping from which columns and COPY rows are made. */
export type FieldKind = 'text' | 'decimal' | 'time' | 'integer' | 'float' | 'boolean' | 'decimals'

const kinds = z.registry<{ kind: FieldKind }>()
function described<T extends z.ZodType>(schema: T, kind: FieldKind, description: string): T {
  const field = schema.describe(description)
  kinds.add(field as z.ZodType, { kind })
  return field
}

/** A transform that reports its QiError as an issue of the field, so that zod names the path. */
const reading =
  <T>(read: (text: string) => T) =>
  (value: string, context: z.RefinementCtx): T => {
    try {
      return read(value)
    } catch (error) {
      context.addIssue({ code: 'custom', message: toQiError(error).message })
      return z.NEVER
    }
  }

const MOST_CHARACTERS = 200
const MOST_OF_A_MESSAGE = 1000

/** The check of an id: printable, with no half surrogate and no hidden character. */
export const idCheck: z.core.CheckFn<string> = ({ value, issues }) => {
  const hidden = hiddenIn(value)
  if (hidden !== undefined)
    issues.push({ code: 'custom', input: value, message: `holds the hidden character ${hidden}: leave it out` })
  else if (!value.isWellFormed()) issues.push({ code: 'custom', input: value, message: 'holds half a surrogate pair' })
}

/** An id, a ticker or a currency: 1 to 200 characters, all of them visible. */
export const text = (description: string) => described(z.string().min(1).max(MOST_CHARACTERS).check(idCheck), 'text', description)

const PRINTABLE = Array.from({ length: 95 }, (_, i) => String.fromCharCode(0x20 + i))
const PLAIN_SAMPLES = [...PRINTABLE, PRINTABLE.join(''), ' '.repeat(MOST_CHARACTERS), ':/'.repeat(MOST_CHARACTERS / 2)]

/** True if a schema takes any text of 1 to 200 printable ASCII characters as it is: it has no pattern and no list. */
export const takesPlainText = (schema: z.ZodType): boolean => PLAIN_SAMPLES.every((text) => schema.safeParse(text).data === text)

/** A name for people to read, which nothing is found by: hidden characters are left out, since they must not cost the record. */
export const displayName = (description: string) =>
  described(z.string().overwrite(visibleName).min(1).max(MOST_CHARACTERS), 'text', description)

/** A sentence or two for people; hidden characters are left out. */
export const message = (description: string) =>
  described(z.string().overwrite(visibleName).min(1).max(MOST_OF_A_MESSAGE), 'text', description)

export const oneOf = <const T extends readonly [string, ...string[]]>(values: T, description: string) =>
  described(z.enum(values), 'text', description)

const DECIMAL_PATTERN = /^-?\d{1,40}(\.\d{1,40})?$/
const figure = () =>
  z
    .string()
    .regex(DECIMAL_PATTERN, 'expected a decimal string of at most 40 digits on either side of the point')
    .transform(reading(decimal))

/** An exact decimal string; on the wire any plain notation, inside canonical. */
export const decimalField = (description: string): z.ZodType<Decimal, string> => described(figure(), 'decimal', description)

/** Most figures of a list. */
export const MOST_DECIMALS = 100
/** A list of exact decimals, possibly empty: a JSON array of decimal strings, each as in {@link decimalField}. */
export const decimalsField = (description: string): z.ZodType<readonly Decimal[], readonly string[]> =>
  described(z.array(figure()).max(MOST_DECIMALS), 'decimals', description) as never

const TIME_PATTERN = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)$/
/** ISO 8601 with a zone on the wire, integer microseconds UTC inside. */
export const timeField = (description: string): z.ZodType<Micros, string> =>
  described(
    z
      .string()
      .regex(TIME_PATTERN, 'expected an ISO 8601 time with a zone and at most six decimals')
      .transform(reading(parseTime)),
    'time',
    description,
  )

export const integer = (description: string) => described(z.int().nonnegative(), 'integer', description)
/** Only for figures that we compute ourselves. */
export const float = (description: string) => described(z.number(), 'float', description)
export const boolean = (description: string) => described(z.boolean(), 'boolean', description)

/** May be absent; `null`, which other writers like to send, means the same. */
export const optional = <T extends z.ZodType>(field: T): z.ZodType<z.output<T> | undefined, z.input<T> | null | undefined> =>
  described(
    field.nullish().transform((value) => value ?? undefined),
    fieldKind(field),
    field.description ?? '',
  )

export function fieldKind(field: z.ZodType): FieldKind {
  const entry = kinds.get(field)
  if (!entry) throw new TypeError('a record field must be made by one of the builders in fields.ts')
  return entry.kind
}
