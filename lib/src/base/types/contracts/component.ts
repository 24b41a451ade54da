import type { z } from 'zod'
import type { Logger } from '../logger.ts'
import type { CheckResult } from './check.ts'
import type { Cadence, History, HistoryType } from './history.ts'
import type { InteractionParser } from './interactions.ts'
import type { RowSink, Sink } from './sink.ts'
import type { Source, SourceContext } from './source.ts'

/** What a folder of `publishers/sources` exports: the registry, the settings, the docs page and the CLI help come from it. */
export interface SourceDefinition<C extends z.ZodObject = z.ZodObject> {
  readonly name: string
  readonly summary: string
  /** Its settings, under `<name>:` in qicore.yaml; `.meta({ env, secret })` names an environment variable. */
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

export const defineSource = <C extends z.ZodObject>(definition: SourceDefinition<C>): SourceDefinition<C> => definition

/** What a sink may use of the platform. */
export interface SinkContext {
  /** The destination that is opened: the name of the instance. */
  readonly name: string
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

export const defineSink = <C extends z.ZodObject>(definition: SinkDefinition<C>): SinkDefinition<C> => definition
