import type { DeliveryStats } from '../../../base/types/index.ts'

/** Statistics of a delivery: the sum over its members, with the newest write and the longest trouble. */
export function sumStats(members: readonly DeliveryStats[]): DeliveryStats {
  const [first] = members as readonly [DeliveryStats]
  if (members.length === 1) return first
  const sum = (of: (one: DeliveryStats) => number): number => members.reduce((total, one) => total + of(one), 0)
  const troubles = members.flatMap(({ trouble }) => (trouble ? [trouble] : []))
  const trouble = troubles.toSorted((a, b) => a.since - b.since)[0]
  const lastWriteAt = Math.max(0, ...members.map((one) => one.lastWriteAt ?? 0))
  const damage = members.flatMap((one) => one.damage ?? []).toSorted((a, b) => b.at - a.at)[0]
  const skip = members.flatMap((one) => one.skip ?? []).toSorted((a, b) => b.at - a.at)[0]
  // The worst state of any member.
  const order = ['parked', 'retrying', 'stalled', 'opening', 'running', 'idle', 'stopped'] as const
  return {
    ...first,
    members: members.length,
    state: order.find((state) => members.some((one) => one.state === state)) ?? first.state,
    ...(trouble && { trouble }),
    ...(damage && { damage }),
    ...(skip && { skip }),
    read: sum(({ read }) => read),
    written: sum(({ written }) => written),
    overwritten: sum(({ overwritten }) => overwritten),
    deadLettered: sum(({ deadLettered }) => deadLettered),
    skipped: sum(({ skipped }) => skipped),
    writes: sum(({ writes }) => writes),
    waiting: sum(({ waiting }) => waiting),
    ...(lastWriteAt > 0 && { lastWriteAt }),
  }
}
