import { channel } from 'node:diagnostics_channel'
import { FRAME_CHANNEL, type FrameEvent, type Micros } from '../../base/types/index.ts'

const frames = channel(FRAME_CHANNEL)

/** Publishes one raw text of a socket, for whoever records them. */
export function publishFrame(source: string, direction: FrameEvent['direction'], text: string, at: Micros): void {
  if (frames.hasSubscribers) frames.publish({ source, direction, text, at } satisfies FrameEvent)
}
