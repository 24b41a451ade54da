import { channel } from 'node:diagnostics_channel'
import type { PublisherState } from '../base/index.ts'

/** What is published on {@link PUBLISHER_CHANNEL}: one event an append, never one a record. */
export type PublisherEvent = { readonly source: string } & (
  | { readonly type: 'appended'; readonly topic: string; readonly records: number; readonly bytes: number; readonly ms: number }
  | { readonly type: 'dead-lettered'; readonly topic: string; readonly records: number; readonly ms: number }
  | {
      readonly type: 'retry'
      readonly topic: string
      readonly attempt: number
      readonly waitMs: number
      readonly code: string
      readonly message: string
    }
  | { readonly type: 'state'; readonly state: PublisherState }
)

/** The diagnostics channel on which publishers tell what they do. */
export const PUBLISHER_CHANNEL = 'qicore:publisher'

export const publisherEvents = channel(PUBLISHER_CHANNEL)
