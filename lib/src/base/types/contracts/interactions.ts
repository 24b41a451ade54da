import type { RecordBatch } from './source.ts'

/** A recorded HTTP request and its answer, the body verbatim. */
export interface RecordedInteraction {
  /** ISO 8601, or as in an HTTP date. */
  readonly recorded_at: string
  readonly request: {
    readonly method: string
    readonly url: string
    readonly headers?: Readonly<Record<string, unknown>> | undefined
    readonly body?: string | undefined
  }
  readonly response: { readonly status: number; readonly headers: Readonly<Record<string, unknown>>; readonly body: string }
}

/**
 * Makes records of a recorded answer, as the source that it was recorded from would have; whoever composes passes it in, since
 * one source knows nothing of another. An answer that holds no records gives none.
 * @returns undefined where the request went to somebody else
 * @throws QiError BAD_DATA where the answer is not understood
 */
export type InteractionParser = (interaction: RecordedInteraction) => readonly RecordBatch[] | undefined
