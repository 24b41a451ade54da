import type { Capabilities } from '../connections/capabilities.ts'
import { inTransaction, type PoolClient } from '../connections/pool.ts'
import { familyOf, type RefreshWindow, refreshAggregate } from './aggregates.ts'
import { buildBars } from './buildBars.ts'
import { buildLevels, type DirtyRange } from './dirtyRanges.ts'
import { type RollupPart, replaceMarks, takeMarks } from './marks.ts'
import { refreshNoted } from './refreshLater.ts'

export interface RollupPass {
  /** Dirty ranges processed; 0 if none was due, or another worker holds the lock. */
  readonly ranges: number
  /** Bars that changed; those of continuous aggregates are not counted. */
  readonly bars: number
}

/** Rolls up in one transaction, so that a mark is gone only when its bars are there. @param most approximate number of ranges */
export const rollUpTables = (client: PoolClient, part: RollupPart, most: number): Promise<RollupPass> =>
  inTransaction(client, async () => {
    const { ids, count, dirty, present } = await takeMarks(client, part, most)
    if (count === 0) return { ranges: 0, bars: 0 }
    const { bars, left } = await buildLevels(dirty, part.levels, present, (rolled, level, ranges) =>
      buildBars(client, rolled, level, ranges),
    )
    await replaceMarks(client, ids, left)
    return { ranges: count, bars }
  })

/** Refreshes the continuous aggregates. Each refresh is its own transaction, so the marks stay until all are done: a pass that died is repeated. */
export async function rollUpAggregates(
  client: PoolClient,
  part: RollupPart,
  most: number,
  capabilities: Capabilities,
): Promise<RollupPass> {
  await refreshNoted(client, capabilities)
  const { ids, count, dirty, present } = await takeMarks(client, part, most)
  if (count === 0) return { ranges: 0, bars: 0 }
  const { left } = await buildLevels(dirty, part.levels, present, async (rolled, level, ranges) => {
    for (const span of spansOf(ranges)) await refreshAggregate(client, familyOf(rolled), level, span, capabilities)
    return 0
  })
  await inTransaction(client, () => replaceMarks(client, ids, left))
  return { ranges: count, bars: 0 }
}

const DAY = 86_400

/** Windows that cover the ranges of all series, since a refresh covers all series; gaps of up to a day are included. */
function spansOf(ranges: readonly DirtyRange[]): readonly RefreshWindow[] {
  const spans: { from: number; to: number }[] = []
  for (const { from, to } of ranges.toSorted((a, b) => a.from - b.from)) {
    const last = spans.at(-1)
    if (last && from - last.to <= DAY) last.to = Math.max(last.to, to)
    else spans.push({ from, to })
  }
  return spans
}
