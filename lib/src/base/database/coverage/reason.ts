import type { Gap } from '../../types/index.ts'
import { intersect, type Span, subtract } from '../../types/index.ts'
import type { Known } from './known.ts'

/** The reason of a gap: from the times in which the source or the platform did not run, and from outages. */
export function reasonOf(
  gap: Span,
  { requested, source, platform, outages }: Pick<Known, 'requested' | 'source' | 'platform' | 'outages'>,
): Pick<Gap, 'reason' | 'detail'> {
  if (intersect([gap], requested).length > 0) return { reason: 'interrupted' }
  if (!source || gap.to <= (source.firstStart ?? Number.POSITIVE_INFINITY)) return { reason: 'unasked' }
  const down = subtract([gap], source.spans)
  if (subtract(down, platform?.spans ?? []).length > 0) return { reason: 'stopped' }
  const cut = outages.find(({ from, to }) => from < gap.to && to > gap.from)
  if (cut) return { reason: 'reconnect', detail: cut.reason }
  return { reason: down.length === 0 ? 'provider' : 'reconnect' }
}
