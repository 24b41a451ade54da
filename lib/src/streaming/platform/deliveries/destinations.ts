import type { z } from 'zod'
import { QiError, SINK_SETTINGS, type SinkDefinition, suggest, wordIssue } from '../../../base/types/index.ts'
import { consumers } from '../../../consumers/index.ts'
import { STORE } from '../../pipelines/index.ts'
import type { PlatformConfig } from '../config.ts'
import { type DestinationSettings, destinationSettings } from './destinationSettings.ts'

/** A destination of the configuration: an instance of a type. */
export interface Destination {
  readonly name: string
  readonly type: SinkDefinition
  /** Settings of its type. */
  readonly settings: Readonly<Record<string, unknown>>
  /** Settings that every destination has. */
  readonly common: DestinationSettings
}

const COMMON: readonly string[] = SINK_SETTINGS

/**
 * Every destination, by name; the store is always one.
 * @throws QiError CONFIG_INVALID naming the setting
 */
export function destinationsOf(
  { destinations }: Pick<PlatformConfig, 'destinations'>,
  types: Readonly<Record<string, SinkDefinition>>,
): ReadonlyMap<string, Destination> {
  const all = { [STORE]: {}, ...destinations }
  return new Map(Object.entries(all).map(([name, given]) => [name, destinationOf(name, given, types)]))
}

function destinationOf(
  name: string,
  given: Readonly<Record<string, unknown>>,
  types: Readonly<Record<string, SinkDefinition>>,
): Destination {
  const typeName = String(given.type ?? name)
  const type = types[typeName]
  const at = `destinations.${name}`
  if (!type) {
    const known = Object.keys(types)
    throw invalid(`${at}.type`, `there is no type "${typeName}"${suggest(typeName, known)}; known: ${known.join(', ')}`)
  }
  if ((typeName === STORE) !== (name === STORE))
    throw invalid(
      `${at}.type`,
      `${STORE} is the platform's own store, of which there is one: leave the type out, or give another`,
    )
  const split = (common: boolean) =>
    Object.fromEntries(Object.entries(given).filter(([key]) => COMMON.includes(key) === common && key !== 'type'))
  const common = parsed(at, destinationSettings, split(true))
  if (common.records && Object.hasOwn(consumers, name))
    throw invalid(
      at,
      `its records would form the pipeline "${name}", which is built in (consumers): give the destination another name`,
    )
  const own = Object.keys(type.config.shape)
  const unknown = Object.keys(split(false)).find((key) => !own.includes(key))
  if (unknown !== undefined) {
    const known = [...COMMON, ...own]
    throw invalid(`${at}.${unknown}`, `unknown setting${suggest(unknown, known)}; known: ${known.join(', ')}`)
  }
  return { name, type, settings: parsed(at, type.config, split(false)), common }
}

function parsed<S extends z.ZodType>(at: string, schema: S, value: unknown): z.output<S> {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw invalid([at, ...(issue?.path ?? [])].join('.'), issue ? wordIssue(issue) : 'not valid')
}

const invalid = (field: string, message: string): QiError => new QiError('CONFIG_INVALID', `${field}: ${message}`, { field })
