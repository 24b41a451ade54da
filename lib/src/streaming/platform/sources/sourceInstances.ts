import { z } from 'zod'
import {
  NO_SOURCE_NAMES,
  QiError,
  type Setting,
  type SourceDefinition,
  type SourceInstance,
  type SourcesConfig,
  settingsOf,
  suggest,
  variableOf,
} from '../../../base/types/index.ts'
import { sourceDefinitions } from '../../../publishers/index.ts'

/** The name of a source or a destination: part of keys, consumer groups, metrics and folders. */
export const INSTANCE_NAME = /^[a-z][a-z0-9_-]{0,59}$/
/** The source that runs where the configuration names none; the simulated market is its fallback. */
export const DEFAULT_SOURCE = 'coingecko'
/** In place of names: no source runs. */
export const NONE = 'none'
const RUN = 'run'

const run = z
  .array(z.string())
  .optional()
  .describe(
    `the sources to run, by name, or ${NONE}; unset: those that the file configures, else ${DEFAULT_SOURCE}, with the simulated market as its fallback`,
  )
  .meta({ env: 'QICORE_SOURCES', flag: 'sources' })

/** The source type of each instance, by name: one instance of each type, and those that a file configures. @throws QiError CONFIG_INVALID naming each wrong one */
export function typesOfInstances(given: unknown): ReadonlyMap<string, SourceDefinition> {
  if (given !== undefined && given !== null && (typeof given !== 'object' || Array.isArray(given)))
    throw invalid([
      `sources ${JSON.stringify(given)?.slice(0, 60)}: expected names with their settings, such as "sources: { simulated: { interval_ms: 200 } }"; sources.run says which of them run`,
    ])
  const types = new Map(Object.entries(sourceDefinitions))
  const problems: string[] = []
  for (const [name, settings] of Object.entries(given ?? {})) {
    if (name === RUN) continue
    const problem = problemOfName(name)
    const wanted = (settings as { readonly type?: unknown } | null)?.type ?? name
    const type = typeof wanted === 'string' && Object.hasOwn(sourceDefinitions, wanted) ? sourceDefinitions[wanted] : undefined
    if (problem) problems.push(`sources.${name}: ${problem}`)
    else if (!type) problems.push(unknownType(name, wanted, (settings as { readonly type?: unknown } | null)?.type !== undefined))
    else if (Object.hasOwn(sourceDefinitions, name) && type.name !== name)
      problems.push(`sources.${name}.type ${type.name}: ${name} is the name of another type; give the instance a name of its own`)
    else types.set(name, type)
  }
  if (problems.length > 0) throw invalid(problems)
  return types
}

function problemOfName(name: string): string | undefined {
  const taken = Object.hasOwn(NO_SOURCE_NAMES, name) ? NO_SOURCE_NAMES[name] : undefined
  if (taken) return `"${name}" is ${taken}; choose another name`
  return INSTANCE_NAME.test(name) ? undefined : 'a name is lower-case letters, digits, - and _, at most 60, a letter first'
}

function unknownType(name: string, type: unknown, isGiven: boolean): string {
  const known = Object.keys(sourceDefinitions)
  const wanted = typeof type === 'string' ? type : JSON.stringify(type)
  return isGiven
    ? `sources.${name}.type "${wanted.slice(0, 60)}": there is no such type${suggest(wanted, known)}`
    : `sources.${name}: there is no type "${name}"${suggest(name, known)}; an instance with its own name needs a type: set sources.${name}.type`
}

/** The schema of `sources`, for these instances. */
export const sourcesSchema = (types: ReadonlyMap<string, SourceDefinition>) =>
  z.object({
    run,
    ...Object.fromEntries([...types].map(([name, type]) => [name, instanceSchema(name, type).prefault({})])),
  })

function instanceSchema(name: string, { name: type, config }: SourceDefinition): z.ZodObject {
  const field = z.literal(type).describe('the type of source; default: the name of the instance')
  return config.safeExtend({ type: name === type ? field.default(type) : field })
}

/** Settings with the environment variables of their instances: `COINGECKO_API_KEY` is that of `coingecko` alone, `SECOND_API_KEY` that of `second`. */
export function settingsOfInstances(schema: z.ZodObject, types: ReadonlyMap<string, SourceDefinition>): Setting[] {
  return settingsOf(schema).map((setting) => {
    const [group, name = ''] = setting.path.split('.')
    const type = types.get(name)?.name
    if (group !== 'sources' || setting.env === undefined || type === undefined || type === name) return setting
    const { env, ...rest } = setting
    const own = variableOf(type, '')
    return env.startsWith(own) ? { ...rest, env: variableOf(name, env.slice(own.length)) } : rest
  })
}

/** The instances with their parsed settings. @throws QiError CONFIG_INVALID for a name under `run` that is no instance */
export function sourcesConfig(
  { run: named, ...settings }: Readonly<Record<string, unknown>>,
  types: ReadonlyMap<string, SourceDefinition>,
  configured: readonly string[],
): SourcesConfig {
  const instances = new Map(
    [...types].map(([name, type]) => {
      const { type: _, ...rest } = settings[name] as Record<string, unknown>
      return [name, { name, type, settings: rest }]
    }),
  )
  const own = configured.filter((name) => name !== RUN)
  const names = (named as readonly string[] | undefined) ?? (own.length > 0 ? own : undefined)
  return { run: names && runnable(names, instances), instances }
}

function runnable(names: readonly string[], instances: ReadonlyMap<string, SourceInstance>): readonly string[] {
  if (names.length === 1 && names[0] === NONE) return []
  const problems = names.flatMap((name, index) => {
    if (names.indexOf(name) !== index) return [`sources.run names ${name} twice`]
    if (instances.has(name)) return []
    const why = Object.hasOwn(NO_SOURCE_NAMES, name)
      ? `"${name}" is ${NO_SOURCE_NAMES[name]}, and no source to run`
      : `there is no source "${name}"`
    return [`sources.run: ${why}${name === NONE ? '; it stands alone' : suggest(name, [NONE, ...instances.keys()])}`]
  })
  if (problems.length > 0) throw invalid(problems)
  return names
}

/** Names of the sources to run. */
export const sourcesThatRun = ({ run }: SourcesConfig): readonly string[] => run ?? [DEFAULT_SOURCE]

const invalid = (problems: readonly string[]): QiError => new QiError('CONFIG_INVALID', problems.join('\n'), { field: 'sources' })
