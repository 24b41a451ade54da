import type { Capabilities } from '../capabilities.ts'
import { inTransaction, type PoolClient } from '../pool.ts'
import { familyOf, refresh, type Span } from './aggregates.ts'
import { build } from './build.ts'
import { type Part, replaceMarks, takeMarks } from './marks.ts'
import { refreshNoted } from './refreshLater.ts'
import { buildUp, type Stretch } from './stretches.ts'

export interface RollupPass {
  /** Stretches of series that were noted and are done; 0 when nothing was due, or others are at it. */
  readonly stretches: number
  /** Bars that became others than they were; those of continuous aggregates are not counted. */
  readonly bars: number
}

/** Marks and bars change in one transaction: whoever sees no mark sees the bars. @param most about how many stretches */
export const rollUpTables = (client: PoolClient, part: Part, most: number): Promise<RollupPass> =>
  inTransaction(client, async () => {
    const { ids, count, dirty, present } = await takeMarks(client, part, most)
    if (count === 0) return { stretches: 0, bars: 0 }
    const { bars, left } = await buildUp(dirty, part.levels, present, (rolled, level, stretches) =>
      build(client, rolled, level, stretches),
    )
    await replaceMarks(client, ids, left)
    return { stretches: count, bars }
  })

/** A refresh is a transaction of its own, so the marks stay until all is done; a pass that ended half-way is repeated. */
export async function rollUpAggregates(
  client: PoolClient,
  part: Part,
  most: number,
  capabilities: Capabilities,
): Promise<RollupPass> {
  await refreshNoted(client, capabilities)
  const { ids, count, dirty, present } = await takeMarks(client, part, most)
  if (count === 0) return { stretches: 0, bars: 0 }
  const { left } = await buildUp(dirty, part.levels, present, async (rolled, level, stretches) => {
    for (const span of spansOf(stretches)) await refresh(client, familyOf(rolled), level, span, capabilities)
    return 0
  })
  await inTransaction(client, () => replaceMarks(client, ids, left))
  return { stretches: count, bars: 0 }
}

const DAY = 86_400

/** A refresh is about all series: their stretches joined, over gaps of up to a day. */
function spansOf(stretches: readonly Stretch[]): readonly Span[] {
  const spans: { from: number; to: number }[] = []
  for (const { from, to } of stretches.toSorted((a, b) => a.from - b.from)) {
    const last = spans.at(-1)
    if (last && from - last.to <= DAY) last.to = Math.max(last.to, to)
    else spans.push({ from, to })
  }
  return spans
}
