import type { z } from 'zod'
import { QiError } from '../errors.ts'
import type { Logger } from '../logger.ts'
import { MANUAL } from '../records/index.ts'
import type { CheckResult } from './check.ts'
import type { Cadence, History, HistoryType } from './history.ts'
import type { InteractionParser } from './interactions.ts'
import type { RowSink, Sink } from './sink.ts'
import type { Source, SourceContext } from './source.ts'

/** A type of source, as a folder of `publishers/sources` exports it: the registry, the settings, the docs page and the CLI help come from it. */
export interface SourceDefinition<C extends z.ZodObject = z.ZodObject> {
  readonly name: string
  readonly summary: string
  /**
   * Settings of an instance, under `sources.<instance>` in qicore.yaml; `.meta({ env, secret })` names an environment variable, which
   * begins with the type's name in capitals and sets the instance of that name.
   */
  readonly config: C
  open(config: z.output<C>, context: SourceContext): Promise<Source>
  /** What it can give of the past; left out where that is nothing. */
  history?(config: z.output<C>, context: SourceContext): Promise<History>
  /** How far apart its records come; a longer silence is a gap. */
  cadence?(config: z.output<C>): Cadence
  /**
   * Types of which `sequence` grows by one from one record of an instrument to the next: a missing number is then a missing record.
   * Left out where numbers only grow, or nobody knows.
   */
  contiguous?(config: z.output<C>): readonly HistoryType[]
  /** The name of the calendar of its market; default 24x7. */
  calendar?(config: z.output<C>): string
  /** True if it reads a fixed input to its end: a failure that no retry mends would come again, after the same records once more. */
  readonly finite?: boolean
  /** Reads recorded answers of its provider, for replay. */
  readonly interactions?: InteractionParser
}

/** A source of the configuration: an instance of a type. */
export interface SourceInstance {
  /** The `source` of its records, and its name in health, metrics, coverage, limits and commands. */
  readonly name: string
  readonly type: SourceDefinition
  readonly settings: Readonly<Record<string, unknown>>
}

export interface SourcesConfig {
  /** The names of those that run; undefined where nothing says so: CoinGecko, and the simulated market in its absence. */
  readonly run: readonly string[] | undefined
  /** By name: those of the configuration, and one of each type. */
  readonly instances: ReadonlyMap<string, SourceInstance>
}

/** Names that a source cannot have, since they mean something else where its name would stand. */
export const NO_SOURCE_NAMES: Readonly<Record<string, string>> = {
  [MANUAL]: 'the source of what people and agents hand in',
  none: 'the word for no source at all',
  run: 'the list of the sources that run',
}

/** @throws QiError CONFIG_INVALID for a name, or a setting, that means something else already */
export function defineSource<C extends z.ZodObject>(definition: SourceDefinition<C>): SourceDefinition<C> {
  const { name, config } = definition
  const taken = Object.hasOwn(NO_SOURCE_NAMES, name) ? NO_SOURCE_NAMES[name] : undefined
  if (taken) throw new QiError('CONFIG_INVALID', `a source cannot be named "${name}", which is ${taken}`)
  return withOwnSettings('sources', SOURCE_SETTINGS, definition, config)
}

/** Settings that every instance has, beside those of its type. */
const SOURCE_SETTINGS = ['type'] as const
export const SINK_SETTINGS = ['type', 'records', 'lanes', 'batch', 'failure', 'max_lag'] as const

/** @throws QiError CONFIG_INVALID where a setting of the type has the name of one that every instance has */
function withOwnSettings<D extends { readonly name: string }>(
  place: string,
  common: readonly string[],
  definition: D,
  { shape }: z.ZodObject,
): D {
  const twice = common.find((setting) => Object.hasOwn(shape, setting))
  if (twice === undefined) return definition
  throw new QiError(
    'CONFIG_INVALID',
    `the type ${definition.name} has a setting "${twice}", and so has every instance: ${place}.<name>.${twice}; give its own another name`,
  )
}

/** What a sink may use of the platform. */
export interface SinkContext {
  /** The destination that is opened: the name of the instance. */
  readonly name: string
  /** The pipeline whose records it is given: places of another's records are no places of its own. */
  readonly pipeline: string
  readonly logger: Logger
  /** Aborted when nothing more is written: opening and waiting end. */
  readonly signal: AbortSignal
  /** The data folder. */
  readonly home: string
  /** The platform's store, which is closed by the platform. */
  readonly store: {
    readonly timescale: { readonly upsert: RowSink['write']; readonly upsertEncoded: NonNullable<RowSink['writeEncoded']> }
    check(): Promise<CheckResult>
  }
}

/** What a folder of `consumers/sinks` exports. */
export interface SinkDefinition<C extends z.ZodObject = z.ZodObject> {
  readonly name: string
  readonly summary: string
  readonly config: C
  /**
   * Called by the destination's own lane, and again for as long as it fails for a reason that may pass.
   * @throws QiError
   */
  open(config: z.output<C>, context: SinkContext): Promise<Sink>
}

/** @throws QiError CONFIG_INVALID for a setting that every destination has already */
export const defineSink = <C extends z.ZodObject>(definition: SinkDefinition<C>): SinkDefinition<C> =>
  withOwnSettings('destinations', SINK_SETTINGS, definition, definition.config)
