import { closest, distance } from 'fastest-levenshtein'
import { z } from 'zod'
import { QiError } from '../errors.ts'
import { wordIssue } from '../issues.ts'
import { maskValue } from '../secrets.ts'
import { readText, type Setting, settingsOf, unwrap } from './settings.ts'

export interface ConfigInputs {
  /** Values by dotted path, from the command line; they win over all else. */
  readonly flags?: Readonly<Record<string, unknown>>
  readonly env?: Readonly<Record<string, string | undefined>>
  /** The parsed configuration file, and its name for messages. */
  readonly file?: { readonly name: string; readonly values: unknown }
}

export interface Provenance {
  readonly path: string
  readonly value: unknown
  readonly secret: boolean
  readonly description: string
  /** `flag --port`, `environment QICORE_PORT`, `qicore.yaml`, `default`. */
  readonly from: string
}

export interface ResolvedConfig<C> {
  readonly config: C
  readonly provenance: readonly Provenance[]
}

/**
 * One configuration from flags > environment > file > defaults, resolved once at the edge.
 * @param settings those of the schema, where not each has the variable and the flag that its schema says
 * @throws QiError CONFIG_INVALID listing everything wrong at once: path, value, where it came from and what was expected
 */
export function resolveConfig<S extends z.ZodObject>(
  schema: S,
  inputs: ConfigInputs,
  settings: readonly Setting[] = settingsOf(schema),
): ResolvedConfig<z.output<S>> {
  const problems = sharedVariables(settings)
  const values = plainObject(inputs.file?.values, inputs.file?.name ?? 'file', problems)
  if (inputs.file) findUnknownKeys(schema, values, inputs.file.name, problems)
  const env = inputs.env ?? {}
  findUnknownVariables(settings, env, problems)

  const merged = structuredClone(values)
  dropEmptyGroups(schema, merged)
  const from = new Map<string, string>()
  for (const setting of settings) {
    if (get(values, setting.path) !== undefined) from.set(setting.path, inputs.file?.name ?? 'file')
    const text = setting.env ? env[setting.env] : undefined
    if (setting.env && text !== undefined && text !== '') {
      set(merged, setting.path, readText(setting.schema, text))
      from.set(setting.path, `environment ${setting.env}`)
    }
    const flag = inputs.flags?.[setting.path]
    if (flag !== undefined) {
      set(merged, setting.path, typeof flag === 'string' ? readText(setting.schema, flag) : flag)
      from.set(setting.path, `flag --${setting.flag ?? setting.path.replace(/[._]/g, '-')}`)
    }
  }

  const result = schema.safeParse(merged)
  // Unknown keys were found above, with a suggestion.
  const issues = result.error?.issues.filter((issue) => issue.code !== 'unrecognized_keys' || problems.length === 0) ?? []
  problems.push(...issues.map((issue) => explain(issue, merged, settings, from)))
  if (problems.length || !result.success) throw new QiError('CONFIG_INVALID', problems.join('\n'))
  const provenance = settings.map((setting) => ({
    path: setting.path,
    value: get(result.data, setting.path),
    secret: setting.secret ?? false,
    description: setting.description,
    from: from.get(setting.path) ?? 'default',
  }))
  return { config: result.data, provenance }
}

function explain(
  issue: z.core.$ZodIssue,
  merged: object,
  settings: readonly Setting[],
  from: ReadonlyMap<string, string>,
): string {
  const path = issue.path.join('.')
  const setting = settings.find((s) => path === s.path || path.startsWith(`${s.path}.`))
  const value = get(merged, path)
  const shown = setting?.secret
    ? '(secret)'
    : value === undefined
      ? 'is missing'
      : shownValue(value, get(merged, setting?.path ?? path))
  const origin = setting && from.get(setting.path)
  const remedy = setting?.env && value === undefined ? `; set ${setting.env} or ${path} in qicore.yaml` : ''
  return `${path} ${shown}${origin ? ` (${origin})` : ''}: ${wordIssue(issue, true)}${remedy}`
}

/** An entry of a list is shown with the whole list: a comma in a password may have split an address. */
const shownValue = (value: unknown, whole: unknown): string =>
  JSON.stringify(Array.isArray(whole) && maskValue(whole) !== whole ? maskValue(whole) : maskValue(value))

function findUnknownKeys(schema: z.ZodObject, values: object, file: string, problems: string[], prefix = ''): void {
  const known = Object.keys(schema.shape)
  for (const [key, value] of Object.entries(values)) {
    const field = schema.shape[key] as z.ZodType | undefined
    if (!field) problems.push(`${file}: unknown setting ${prefix}${key}${suggest(key, known)}`)
    else {
      const inner = unwrap(field)
      if (inner instanceof z.ZodObject && value !== null && typeof value === 'object' && !Array.isArray(value))
        findUnknownKeys(inner, value, file, problems, `${prefix}${key}.`)
    }
  }
}

/** `server:` with nothing below it is YAML for null, and means a group of which everything is left out. */
function dropEmptyGroups(schema: z.ZodObject, values: Record<string, unknown>): void {
  for (const [key, value] of Object.entries(values)) {
    const inner = schema.shape[key] && unwrap(schema.shape[key] as z.ZodType)
    if (!(inner instanceof z.ZodObject)) continue
    if (value === null) delete values[key]
    else if (typeof value === 'object' && !Array.isArray(value)) dropEmptyGroups(inner, value as Record<string, unknown>)
  }
}

/** QICORE_TEST_* belongs to the test suite, which may be configured in the same shell. */
function findUnknownVariables(
  settings: readonly Setting[],
  env: Readonly<Record<string, string | undefined>>,
  problems: string[],
): void {
  const known = settings.flatMap((setting) => setting.env ?? [])
  for (const name of Object.keys(env))
    if (name.startsWith('QICORE_') && !name.startsWith('QICORE_TEST_') && !known.includes(name))
      problems.push(`environment: unknown variable ${name}${suggest(name, known)}`)
}

/** A problem for each variable that would set two settings, which nobody means. */
export function sharedVariables(settings: readonly Setting[]): string[] {
  const byVariable = Map.groupBy(
    settings.filter(({ env }) => env),
    ({ env }) => env,
  )
  return [...byVariable].flatMap(([env, [first, second]]) =>
    first && second ? [`environment: ${env} would set both ${first.path} and ${second.path}; rename one of the two`] : [],
  )
}

/** `; did you mean host?`, if a known name is near enough to be a typo. */
export function suggest(given: string, known: readonly string[]): string {
  if (known.length === 0) return ''
  const meant = misspelt(given, known)
  return meant === undefined ? `; known: ${known.join(', ')}` : `; did you mean ${meant}?`
}

/** The known name that a slip of the pen makes the given one of. */
export function misspelt(given: string, known: readonly string[]): string | undefined {
  const nearest = closest(given, [...known])
  return distance(given, nearest) <= Math.max(2, given.length / 3) ? nearest : undefined
}

function plainObject(values: unknown, name: string, problems: string[]): Record<string, unknown> {
  if (values === undefined || values === null) return {}
  if (typeof values === 'object' && !Array.isArray(values)) return values as Record<string, unknown>
  problems.push(`${name}: expected settings as "name: value" lines`)
  return {}
}

const get = (object: unknown, path: string): unknown =>
  path.split('.').reduce<unknown>((at, key) => (at as Record<string, unknown> | null | undefined)?.[key], object)

function set(object: Record<string, unknown>, path: string, value: unknown): void {
  const keys = path.split('.')
  let at = object
  for (const key of keys.slice(0, -1)) {
    const next = at[key]
    if (next === null || typeof next !== 'object') at[key] = {}
    at = at[key] as Record<string, unknown>
  }
  at[keys.at(-1) as string] = value
}
