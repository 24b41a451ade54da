import type { z } from 'zod'
import type { Coverage, ReadStore, Store } from '../database/index.ts'
import type { DeadLetterBox } from '../types/contracts/deadLetters.ts'
import type { MetricsReader } from '../types/contracts/metrics.ts'
import type { PipelineControl } from '../types/contracts/pipelines.ts'
import type { PlatformControl } from '../types/contracts/platform.ts'
import type { ServiceControl } from '../types/contracts/services.ts'
import type { Stream } from '../types/contracts/stream.ts'
import type { Logger } from '../types/logger.ts'
import type { TopicCatalogue } from '../types/records/TopicCatalogue.ts'

/** The effect of a tool: none, a change that can be repeated or added to, or one that cannot be undone. */
export type ToolEffect = 'read' | 'write' | 'destroy'

/** The live parts that tools work on. The server of the tools passes them in and closes them. */
export interface ToolHandles {
  readonly store: Store
  /** For reads of users: the replica if one is configured, else `store`; always `store` for agents. */
  readonly reads: ReadStore
  readonly stream: Stream
  readonly coverage: Coverage
  readonly deadLetters: DeadLetterBox
  /** The record type of each topic. */
  readonly catalogue: TopicCatalogue
  readonly platform: PlatformControl
  /** Declared pipelines. */
  readonly pipelines: PipelineControl
  /** The engines in containers; contacted only when a tool is called. */
  readonly services: ServiceControl
  /** Metrics of this process; absent if it keeps none. */
  readonly metrics?: MetricsReader
  readonly logger: Logger
}

/** The context of one call. */
export interface ToolContext extends ToolHandles {
  /** Aborted when the caller gives up. */
  readonly signal: AbortSignal
  /** Identifies the caller as far as known: a session, else an address. */
  readonly caller?: string
  /** The caller's name, recorded with its changes. */
  readonly by?: string
  /** Most tokens of the answer, if a model reads it; unset: no limit. */
  readonly mostTokens?: number | undefined
  /** Reports the progress of long work to the caller. */
  progress(done: number, total: number | undefined, message: string): void
}

/** A series or record in an answer. */
export interface AnswerSource {
  readonly source?: unknown
  readonly origin?: unknown
  readonly simulated?: boolean | undefined
}

/** The time, sources and completeness of an answer. */
export interface AnswerFacts {
  /** Times of its data, ISO 8601; the newest is shown. */
  readonly times?: readonly (string | undefined)[]
  /** Sources of its records; unset if it is about the platform itself and has no records. */
  readonly from?: readonly AnswerSource[]
  /** Missing or incomplete parts, each with the way to get it; empty if the answer is complete. */
  readonly missing?: readonly (string | false | undefined)[]
}

/** The values of the input `action` that destroy something, and a sentence about them for the summary. */
export interface DestructiveActions {
  readonly actions: readonly [string, ...string[]]
  readonly summary: string
}

/**
 * One tool. The MCP server, the command `qicore tool` and the reference page are made from it. Input and output are in wire form:
 * snake_case, decimals as strings, times as ISO 8601 in UTC.
 */
export interface ToolDefinition<I extends z.ZodObject = z.ZodObject, O extends z.ZodObject = z.ZodObject> {
  /** Such as `get_latest_prices`; also the name of its file. */
  readonly name: string
  /** For people: two to five words. */
  readonly title: string
  /** For a model: the result, when to use it, and what to do about its limits. */
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
  /** For a tool without that argument: true if a call only reads. */
  isRead?(input: z.output<I>): boolean
  /** True if it may take minutes: over HTTP every call is then a job. */
  readonly long?: true
  /** For a tool of which only some actions destroy: without them it is offered where nothing may be destroyed. */
  readonly destructive?: DestructiveActions
  /** For a tool that destroys: the question to the user; undefined if a call with this input destroys nothing. */
  question?(input: z.output<I>): string | undefined
  /** The argument that limits the items of an answer, and its default. The tool is run again with fewer if the answer is too long. */
  readonly pages?: { readonly by: keyof z.output<I> & string; readonly preset?: number }
  /** For reads: each answer states these facts. */
  facts?(output: z.input<O>, input: z.output<I>): AnswerFacts
  /** @throws QiError whose message says what to do next */
  run(input: z.output<I>, context: ToolContext): Promise<z.input<O>>
  /** The answer as a short text, for readers who do not see the structure. */
  text(output: z.input<O>): string
}

export const defineTool = <I extends z.ZodObject, O extends z.ZodObject>(tool: ToolDefinition<I, O>): ToolDefinition<I, O> => tool
