import type { QiError } from '../errors.ts'
import type { AppendOptions } from './stream.ts'

/**
 * Where a record was given up: on its way into the stream, on its way into a destination, or in the stream, whose bytes there are damaged
 * and may have been many records. `skipped`: a whole range that a destination did not take before its lag was over its bound.
 */
export const DEAD_LETTER_STAGES = ['publish', 'store', 'read', 'skipped'] as const
export type DeadLetterStage = (typeof DEAD_LETTER_STAGES)[number]

/** A dead letter as it lies in `<topic>.dlq`. */
export interface DeadLetterEntry {
  /** `<topic>.dlq/<partition>/<offset>`: its own place. */
  readonly id: string
  readonly topic: string
  readonly stage: DeadLetterStage
  /** The pipeline and the destination that refused it; absent where it never came so far. */
  readonly pipeline?: string
  readonly destination?: string
  /** The step of the pipeline that refused it. */
  readonly node?: string
  readonly partition?: number
  readonly offset?: bigint
  /** The last offset of a range, of damaged bytes or of what was skipped; `offset` is the first. */
  readonly lastOffset?: bigint
  readonly reason: string
  readonly attempts: number
  readonly source?: string
  readonly key: string | null
  /** When it was put here, in milliseconds since 1970. */
  readonly timestamp: number
  /** The original as text, without the frame of a schema registry; base64 where it is not UTF-8. */
  readonly value: string
  readonly encoding: 'utf8' | 'base64'
  /** The id of the schema that the original names, where a schema registry gave it one. */
  readonly schemaId?: number
  /** The original's length in bytes, where it was too long to be kept whole. */
  readonly truncatedFrom?: number
  /** How often the same original came here: redelivery repeats, and the origin tells that it is one. */
  readonly times: number
  /** Whether it, mended or not, was put back into its topic. */
  readonly replayed: boolean
}

export interface DeadLetterQuery {
  /** The topic whose dead letters are listed (`crypto-prices`); all of them when left out. */
  readonly topic?: string
  /** Only those of this destination. */
  readonly destination?: string
  /** Most entries, the newest. Default 100. */
  readonly limit?: number
  /** Only what has not been replayed. */
  readonly pending?: boolean
  readonly signal?: AbortSignal
}

/** Which dead letters to put back: as they are, by id, or mended. */
export type ReplayInput = { readonly ids: readonly string[] } | { readonly entries: readonly ReplayEntry[] }

/** A dead letter to put back; its value may have been mended. */
export type ReplayEntry = Pick<DeadLetterEntry, 'topic' | 'value'> &
  Partial<
    Pick<
      DeadLetterEntry,
      | 'id'
      | 'stage'
      | 'pipeline'
      | 'destination'
      | 'partition'
      | 'offset'
      | 'lastOffset'
      | 'encoding'
      | 'schemaId'
      | 'truncatedFrom'
    >
  >

export interface Refusal {
  /** Index into what was handed in. */
  readonly index: number
  readonly id?: string
  readonly error: QiError
}

export interface ReplayResult {
  /** Records put back into their topics. */
  readonly replayed: number
  /** What still is no valid record, or was not found, in index order; of these nothing was sent. */
  readonly refused: readonly Refusal[]
}

/** The dead letters of a stream. */
export interface DeadLetterBox {
  /** The newest dead letters, oldest first. */
  list(options?: DeadLetterQuery): Promise<readonly DeadLetterEntry[]>
  /** Puts dead letters back into their topics: for the destination that refused them alone, or for all where there is none. */
  replay(input: ReplayInput, options?: AppendOptions): Promise<ReplayResult>
}
