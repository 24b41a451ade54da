import type { QiError } from '../errors.ts'
import type { AppendOptions } from './stream.ts'

/**
 * The stage that gave up a record. `publish`: on its way into the stream. `store`: on its way into a destination. `read`: damaged bytes in
 * the stream, perhaps of many records. `skipped`: a whole range, because the lag of a destination exceeded its bound.
 */
export const DEAD_LETTER_STAGES = ['publish', 'store', 'read', 'skipped'] as const
export type DeadLetterStage = (typeof DEAD_LETTER_STAGES)[number]

/** A dead letter as it lies in `<topic>.dlq`. */
export interface DeadLetterEntry {
  /** `<topic>.dlq/<partition>/<offset>`: the place of the letter itself. */
  readonly id: string
  readonly topic: string
  readonly stage: DeadLetterStage
  /** The pipeline and destination that refused it; absent if it never came so far. */
  readonly pipeline?: string
  readonly destination?: string
  /** The step of the pipeline that refused it. */
  readonly node?: string
  readonly partition?: number
  readonly offset?: bigint
  /** The last offset of a range (damaged or skipped); `offset` is the first. */
  readonly lastOffset?: bigint
  readonly reason: string
  readonly attempts: number
  readonly source?: string
  readonly key: string | null
  /** Time of the letter, in milliseconds since 1970. */
  readonly timestamp: number
  /** The original as text, without the frame of a schema registry; base64 if it is not UTF-8. */
  readonly value: string
  readonly encoding: 'utf8' | 'base64'
  /** The schema id of the original, if it has one. */
  readonly schemaId?: number
  /** The original's length in bytes, if it was cut. */
  readonly truncatedFrom?: number
  /** Count of letters with the same origin: redelivery repeats them. */
  readonly times: number
  /** True if it was put back into its topic, as it is or corrected. */
  readonly replayed: boolean
}

export interface DeadLetterQuery {
  /** The topic whose dead letters are listed (`crypto-prices`); all of them when left out. */
  readonly topic?: string
  /** Only those of this destination. */
  readonly destination?: string
  /** Most entries, the newest. Default 100. */
  readonly limit?: number
  /** Only letters that were not replayed. */
  readonly pending?: boolean
  readonly signal?: AbortSignal
}

/** Dead letters to put back: by id as they are, or with their values. */
export type ReplayInput = { readonly ids: readonly string[] } | { readonly entries: readonly ReplayEntry[] }

/** A dead letter to put back; its value may be corrected. */
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
  /** Index in the input. */
  readonly index: number
  readonly id?: string
  readonly error: QiError
}

export interface ReplayResult {
  /** Records put back into their topics. */
  readonly replayed: number
  /** Letters that are still invalid or were not found, in index order; none of them was sent. */
  readonly refused: readonly Refusal[]
}

/** The dead letters of a stream. */
export interface DeadLetterBox {
  /** The newest dead letters, oldest first. */
  list(options?: DeadLetterQuery): Promise<readonly DeadLetterEntry[]>
  /** Puts dead letters back into their topics: for the destination that refused them alone, or for all if none is known. */
  replay(input: ReplayInput, options?: AppendOptions): Promise<ReplayResult>
}
