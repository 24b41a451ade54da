import type { Headers } from '../../base/index.ts'

/** Where a record was given up: on its way into the stream, or on its way into a sink. */
export const DEAD_LETTER_STAGES = ['publish', 'store'] as const
export type DeadLetterStage = (typeof DEAD_LETTER_STAGES)[number]

/** What could not be published or stored, as it is handed in. */
export interface DeadLetter {
  /** The topic it was meant for, or came from. */
  readonly topic: string
  readonly stage: DeadLetterStage
  /** Where it lay in that topic; a record that never got there has no place. */
  readonly partition?: number
  readonly offset?: bigint
  readonly reason: string
  /** How often it was tried. */
  readonly attempts: number
  /** The original bytes. */
  readonly value: string | Uint8Array
  readonly key: string | null
  /** The source it came from. */
  readonly source?: string
}

/** A dead letter as it lies in `<topic>.dlq`. */
export interface DeadLetterEntry {
  /** `<topic>.dlq/<partition>/<offset>`: its own place. */
  readonly id: string
  readonly topic: string
  readonly stage: DeadLetterStage
  readonly partition?: number
  readonly offset?: bigint
  readonly reason: string
  readonly attempts: number
  readonly source?: string
  readonly key: string | null
  /** When it was put here, in milliseconds since 1970. */
  readonly timestamp: number
  /** The original as text, or base64 where it is not UTF-8. */
  readonly value: string
  readonly encoding: 'utf8' | 'base64'
  /** The original's length in bytes, where it was too long to be kept whole. */
  readonly truncatedFrom?: number
  /** How often the same original came here: redelivery repeats, and the origin tells that it is one. */
  readonly times: number
  /** Whether it, mended or not, was put back into its topic. */
  readonly replayed: boolean
}

export const DEAD_LETTER_SUFFIX = '.dlq'
export const deadLetterTopic = (topic: string): string => `${topic}${DEAD_LETTER_SUFFIX}`
export const isDeadLetterTopic = (topic: string): boolean => topic.endsWith(DEAD_LETTER_SUFFIX)

/** The names of the headers that a dead letter carries. Values are text. */
export function deadLetterHeaders(letter: DeadLetter): Headers {
  return {
    stage: letter.stage,
    topic: letter.topic,
    ...(letter.partition === undefined ? {} : { partition: String(letter.partition) }),
    ...(letter.offset === undefined ? {} : { offset: String(letter.offset) }),
    reason: letter.reason,
    attempts: String(letter.attempts),
    ...(letter.source === undefined ? {} : { source: letter.source }),
  }
}
