import type { RecordBatch } from './recordBatch.ts'

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
 * Makes records of a recorded answer, as its source would have. It is passed in, because one source does not know another.
 * @returns no batches for an answer without records; undefined if the request went to another provider
 * @throws QiError BAD_DATA if the answer is not understood
 */
export type InteractionParser = (interaction: RecordedInteraction) => readonly RecordBatch[] | undefined
