import { type Provenance, type SinkDefinition, settingsOf } from '../../../base/types/index.ts'
import { destinationSettings } from './destinationSettings.ts'

const PATH = 'destinations'

type Given = Readonly<Record<string, unknown>>

/**
 * The settings of all destinations one by one, described by their types, which know the secrets above all. The value of an unknown
 * setting is left out: it may be a misspelt secret.
 */
export function withDestinations(
  provenance: readonly Provenance[],
  types: Readonly<Record<string, SinkDefinition>>,
): readonly Provenance[] {
  return provenance.flatMap((one) => {
    const given = Object.entries((one.path === PATH ? one.value : {}) as Readonly<Record<string, Given>>)
    return given.length === 0 ? [one] : given.flatMap(([name, settings]) => settingsIn(name, settings, types, one.from))
  })
}

function settingsIn(name: string, given: Given, types: Readonly<Record<string, SinkDefinition>>, from: string): Provenance[] {
  const type = types[String(given.type ?? name)]
  const known = new Map(
    [...settingsOf(destinationSettings), ...(type ? settingsOf(type.config) : [])].map((setting) => [setting.path, setting]),
  )
  const isGroup = (path: string) => [...known.keys()].some((other) => other.startsWith(`${path}.`))
  const leaves = (values: Given, prefix: string): [path: string, value: unknown][] =>
    Object.entries(values).flatMap(([key, value]) => {
      const path = `${prefix}${key}`
      const nested = value !== null && typeof value === 'object' && !Array.isArray(value) && isGroup(path)
      return nested ? leaves(value as Given, `${path}.`) : [[path, value] as [string, unknown]]
    })
  return leaves(given, '').map(([path, value]) => {
    const setting = known.get(path)
    const isType = path === 'type'
    return {
      path: `${PATH}.${name}.${path}`,
      value: isType || setting ? value : '(unknown setting)',
      secret: setting?.secret ?? false,
      description: isType ? (type?.summary ?? 'the type of sink') : (setting?.description ?? ''),
      from,
    }
  })
}

/** The values that no error and no log may show. */
export function* secretsIn(provenance: readonly Provenance[], inUrl: (url: string) => readonly string[]): Generator<string> {
  for (const { secret, value } of provenance) if (secret) yield* secretsOf(value, inUrl)
}

function* secretsOf(value: unknown, inUrl: (url: string) => readonly string[]): Generator<string> {
  if (typeof value === 'string') yield* /^\w+:\/\//.test(value) ? inUrl(value) : [value]
  else if (value !== null && typeof value === 'object') for (const item of Object.values(value)) yield* secretsOf(item, inUrl)
}
