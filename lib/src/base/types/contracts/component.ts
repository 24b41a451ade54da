import type { Pool } from 'pg'
import type { z } from 'zod'
import { QiError } from '../errors.ts'
import type { Logger } from '../logger.ts'
import { MANUAL } from '../records/index.ts'
import type { CheckResult } from './check.ts'
import type { Cadence, History, HistoryType } from './history.ts'
import type { InteractionParser } from './interactions.ts'
import type { RowSink, Sink } from './sink.ts'
import type { Source, SourceContext } from './source.ts'

/** The terms under which a provider gives its data. They are a summary for the user, and no licence. */
export interface ProviderTerms {
  /** How its data are to be credited, such as "Data by CoinGecko". */
  readonly attribution: string
  /** Conditions for passing its data on. */
  readonly redistribution: string
  /** The address of the terms; undefined if there is no provider. */
  readonly url?: string
}

/** Terms as one text, for a column. */
export const termsText = ({ attribution, redistribution, url }: ProviderTerms): string =>
  `attribution: ${attribution}; redistribution: ${redistribution}${url === undefined ? '' : `; ${url}`}`

/** A type of source: the export of a folder of `publishers/sources`. Registry, settings, docs page and CLI help are made from it. */
export interface SourceDefinition<C extends z.ZodObject = z.ZodObject> {
  readonly name: string
  readonly summary: string
  /**
   * Settings of an instance, under `sources.<instance>` in qicore.yaml; `.meta({ env, secret })` names an environment variable, which
   * begins with the type's name in capitals and sets the instance of that name.
   */
  readonly config: C
  /** The terms of its provider, shown in its page and where its instruments are listed. */
  readonly terms?: ProviderTerms
  open(config: z.output<C>, context: SourceContext): Promise<Source>
  /** Opens its history; left out if the source has none. */
  history?(config: z.output<C>, context: SourceContext): Promise<History>
  /** The usual distance of its records; a longer silence is a gap. */
  cadence?(config: z.output<C>): Cadence
  /**
   * Types of which `sequence` grows by one from one record of an instrument to the next: a missing number is then a missing record.
   * Left out if numbers only grow, or that is unknown.
   */
  contiguous?(config: z.output<C>): readonly HistoryType[]
  /** The name of the calendar of its market; default 24x7. */
  calendar?(config: z.output<C>): string
  /** True if it reads a fixed input to its end: after a final error a restart would only read the same records again. */
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
  /** The names of those that run; undefined if not configured: CoinGecko, with the simulated market as its fallback. */
  readonly run: readonly string[] | undefined
  /** By name: the configured ones, and one of each type. */
  readonly instances: ReadonlyMap<string, SourceInstance>
}

/** Reserved names, each with its meaning. */
export const NO_SOURCE_NAMES: Readonly<Record<string, string>> = {
  [MANUAL]: 'the source of what people and agents hand in',
  none: 'the word for no source at all',
  run: 'the list of the sources that run',
}

/** @throws QiError CONFIG_INVALID for a reserved name or setting */
export function defineSource<C extends z.ZodObject>(definition: SourceDefinition<C>): SourceDefinition<C> {
  const { name, config } = definition
  const taken = Object.hasOwn(NO_SOURCE_NAMES, name) ? NO_SOURCE_NAMES[name] : undefined
  if (taken) throw new QiError('CONFIG_INVALID', `a source cannot be named "${name}", which is ${taken}`)
  return withOwnSettings('sources', SOURCE_SETTINGS, definition, config)
}

/** Settings of every instance, beside those of its type. */
const SOURCE_SETTINGS = ['type'] as const
export const SINK_SETTINGS = ['type', 'records', 'lanes', 'batch', 'failure', 'max_lag'] as const

/** @throws QiError CONFIG_INVALID if a setting of the type has the name of a common one */
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

/** The parts of the platform that a sink may use. */
export interface SinkContext {
  /** Name of the destination, which is the instance. */
  readonly name: string
  /** Name of the pipeline whose records it gets. Another pipeline may bring the same offsets, so names made of offsets need it too. */
  readonly pipeline: string
  readonly logger: Logger
  /** Aborted when no more is written: ends opening and waiting. */
  readonly signal: AbortSignal
  /** The data folder. */
  readonly home: string
  /** The platform's store; the platform closes it. */
  readonly store: {
    readonly timescale: { readonly upsert: RowSink['write']; readonly upsertEncoded: NonNullable<RowSink['writeEncoded']> }
    /** For state that must survive a crash, such as sent notifications. */
    readonly pool: Pool
    check(): Promise<CheckResult>
  }
}

/** A type of sink: the export of a folder of `consumers/sinks`. */
export interface SinkDefinition<C extends z.ZodObject = z.ZodObject> {
  readonly name: string
  readonly summary: string
  readonly config: C
  /**
   * Called by the destination's own lane; repeated while it fails with a retryable error.
   * @throws QiError
   */
  open(config: z.output<C>, context: SinkContext): Promise<Sink>
}

/** @throws QiError CONFIG_INVALID for a setting that every destination has */
export const defineSink = <C extends z.ZodObject>(definition: SinkDefinition<C>): SinkDefinition<C> =>
  withOwnSettings('destinations', SINK_SETTINGS, definition, definition.config)
