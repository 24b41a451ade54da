import type { InteractionParser } from '../../base/index.ts'
import { sourceDefinitions } from '../../publishers/index.ts'

/** Recorded answers of any provider, read by the source that knows it. */
export const readInteraction: InteractionParser = (interaction) => {
  for (const { interactions } of Object.values(sourceDefinitions)) {
    const read = interactions?.(interaction)
    if (read) return read
  }
  return undefined
}
