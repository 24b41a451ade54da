import { z } from 'zod'

/** The metadata of a setting, given by `.meta()`. */
export interface SettingMeta {
  /** The environment variable that sets it. */
  readonly env?: string
  /** The flag of `qicore up` that sets it, without dashes. */
  readonly flag?: string
  /** Never printed. */
  readonly secret?: boolean
}

/** One setting: a leaf of the configuration schema. */
export interface Setting extends SettingMeta {
  /** Dotted path, as in the file. */
  readonly path: string
  readonly description: string
  readonly schema: z.ZodType
}

/** Every leaf of a schema, depth first. Nested objects are groups; everything else, arrays too, is a leaf. */
export function settingsOf(schema: z.ZodObject, prefix = ''): Setting[] {
  return Object.entries(schema.shape).flatMap(([name, field]) => {
    const path = prefix ? `${prefix}.${name}` : name
    const inner = unwrap(field as z.ZodType)
    if (inner instanceof z.ZodObject) return settingsOf(inner, path)
    const meta = metaOf(field as z.ZodType)
    return [{ ...meta, path, description: meta.description ?? '', schema: field as z.ZodType }]
  })
}

/** The schema under optional, default and the like. */
export function unwrap(schema: z.ZodType): z.ZodType {
  let at = schema
  while (at instanceof z.ZodOptional || at instanceof z.ZodDefault || at instanceof z.ZodPrefault || at instanceof z.ZodNullable)
    at = at.unwrap() as z.ZodType
  return at instanceof z.ZodPipe ? unwrap(at.in as z.ZodType) : at
}

/** `.meta()` belongs to the schema object it was called on, which wrappers added later hide. */
function metaOf(schema: z.ZodType): SettingMeta & { description?: string } {
  let found: SettingMeta & { description?: string } = {}
  for (let at: z.ZodType | undefined = schema; at; ) {
    found = { ...(at.meta() as SettingMeta | undefined), ...found }
    const def = at.def as { innerType?: z.ZodType; in?: z.ZodType }
    at = def.innerType ?? def.in
  }
  return found
}

/** The value that a text from the environment or a flag means for a setting. */
export function readText(schema: z.ZodType, text: string): unknown {
  const kind = unwrap(schema)
  if (kind instanceof z.ZodNumber) return text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text
  if (kind instanceof z.ZodBoolean) return BOOLEANS[text.trim().toLowerCase()] ?? text
  if (kind instanceof z.ZodArray) {
    const items = text.split(',').map((item) => item.trim())
    return items.filter((item) => item !== '').map((item) => readText(kind.element as z.ZodType, item))
  }
  return text
}

const BOOLEANS: Record<string, boolean> = {
  true: true,
  yes: true,
  on: true,
  1: true,
  false: false,
  no: false,
  off: false,
  0: false,
}

/** The environment variable of a setting of an instance, such as `COINGECKO_API_KEY`. */
export const variableOf = (instance: string, setting: string): string =>
  `${instance}_${setting}`.toUpperCase().replaceAll('-', '_')
