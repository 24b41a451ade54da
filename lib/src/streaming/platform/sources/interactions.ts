import type { InteractionParser } from '../../../base/types/index.ts'
import { sourceDefinitions } from '../../../publishers/index.ts'

/** Parses a recorded answer by the source type that knows it. */
export const readInteraction: InteractionParser = (interaction) => {
  for (const { interactions } of Object.values(sourceDefinitions)) {
    const batches = interactions?.(interaction)
    if (batches) return batches
  }
  return undefined
}
