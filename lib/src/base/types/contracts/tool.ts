import type { z } from 'zod'
import type { Coverage, ReadStore, Store } from '../../database/index.ts'
import type { Logger } from '../logger.ts'
import type { TopicCatalogue } from '../records/TopicCatalogue.ts'
import type { DeadLetterBox } from './deadLetters.ts'
import type { MetricsReader } from './metrics.ts'
import type { PipelineControl } from './pipelines.ts'
import type { PlatformControl } from './platform.ts'
import type { ServiceControl } from './services.ts'
import type { Stream } from './stream.ts'

/** What a tool does to the world: nothing, something that can be repeated or added to, or something that cannot be undone. */
export type ToolEffect = 'read' | 'write' | 'destroy'

/** The live parts that tools work on; whoever serves the tools passes them in and closes them. */
export interface ToolHandles {
  readonly store: Store
  /** For reads of users, which may go to a replica; `store` itself where none is configured, and for agents. */
  readonly reads: ReadStore
  readonly stream: Stream
  readonly coverage: Coverage
  readonly deadLetters: DeadLetterBox
  /** The record type of each topic. */
  readonly catalogue: TopicCatalogue
  readonly platform: PlatformControl
  /** Declared pipelines. */
  readonly pipelines: PipelineControl
  /** The engines in containers; asked for when a tool does. */
  readonly services: ServiceControl
  /** What this process has counted and measured; absent where nobody keeps it. */
  readonly metrics?: MetricsReader
  readonly logger: Logger
}

/** What one call of a tool has besides its input. */
export interface ToolContext extends ToolHandles {
  /** Aborted when the caller no longer wants the answer. */
  readonly signal: AbortSignal
  /** Tells callers apart as far as that is known: a session, else an address. */
  readonly caller?: string
  /** The caller's name, for what it leaves behind. */
  readonly by?: string
  /** Most tokens that the answer may take, of a caller who is a model; unset: as many as its limits allow. */
  readonly mostTokens?: number | undefined
  /** Tells the caller how far long work has come. */
  progress(done: number, total: number | undefined, message: string): void
}

/** A series or record that an answer is made of. */
export interface AnswerSource {
  readonly source?: unknown
  readonly origin?: unknown
  readonly simulated?: boolean | undefined
}

/** As of when an answer is, from which sources, and how complete. */
export interface AnswerFacts {
  /** Times of its data, as ISO 8601: the newest is told. */
  readonly times?: readonly (string | undefined)[]
  /** Sources of the answer's records; unset if it is about the platform itself and holds no records. */
  readonly from?: readonly AnswerSource[]
  /** Missing or incomplete parts, each with the way to get it; empty if the answer is complete. */
  readonly missing?: readonly (string | false | undefined)[]
}

/** The values of the input `action` that destroy something, and what the summary says of them. */
export interface DestructiveActions {
  readonly actions: readonly [string, ...string[]]
  readonly summary: string
}

/**
 * One tool: the MCP server, the command `qicore tool` and the reference page are made of it. Input and output are objects on the
 * wire: snake_case, decimals as strings, times as ISO 8601 in UTC.
 */
export interface ToolDefinition<I extends z.ZodObject = z.ZodObject, O extends z.ZodObject = z.ZodObject> {
  /** Such as `get_latest_prices`; the file bears it too. */
  readonly name: string
  /** For people: two to five words. */
  readonly title: string
  /** For a model: what it gives, when to use it, and what to do about its limits. */
  readonly summary: string
  /** The set that the tool belongs to, such as TimescaleDBFinancialTools. */
  readonly set: string
  /** Listed to a client that names no tools. There are about ten, and none of them destroys. */
  readonly inDefaultSet?: true
  readonly effect: ToolEffect
  readonly input: I
  readonly output: O
  /** Of a tool that writes or destroys: the values of its input `action` that only read. */
  readonly reads?: readonly [string, ...string[]]
  /** The same of a tool without such an argument: whether a call only reads. */
  isRead?(input: z.output<I>): boolean
  /** Its work may take minutes: over HTTP a call is a job from the start. */
  readonly long?: true
  /** Of a tool that destroys by some of its actions: the rest of it is offered where nothing may be destroyed. */
  readonly destructive?: DestructiveActions
  /** Of a tool that destroys: what the user is asked before; undefined where a call with this input destroys nothing. */
  question?(input: z.output<I>): string | undefined
  /** The argument that says how many items an answer has, and how many where it is left out; asked again with fewer where they are long. */
  readonly pages?: { readonly by: keyof z.output<I> & string; readonly preset?: number }
  /** Of a tool that reads, and of one whose actions read: each such answer says this. */
  facts?(output: z.input<O>, input: z.output<I>): AnswerFacts
  /** @throws QiError whose message tells the model what to do next */
  run(input: z.output<I>, context: ToolContext): Promise<z.input<O>>
  /** The answer in few words, for a reader who does not see the structure. */
  text(output: z.input<O>): string
}

export const defineTool = <I extends z.ZodObject, O extends z.ZodObject>(tool: ToolDefinition<I, O>): ToolDefinition<I, O> => tool
