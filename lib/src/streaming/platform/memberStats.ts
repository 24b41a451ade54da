import type { ConsumerStats } from '../../base/index.ts'

/** The members of one consumer as one: sums, the newest write, and the trouble of whoever has it longest. */
export function together(members: readonly ConsumerStats[]): ConsumerStats {
  const [first] = members as readonly [ConsumerStats]
  if (members.length === 1) return first
  const sum = (of: (one: ConsumerStats) => number): number => members.reduce((total, one) => total + of(one), 0)
  const { trouble: _, lastWriteAt: __, damage: ___, ...common } = first
  const troubles = members.flatMap(({ trouble }) => (trouble ? [trouble] : []))
  const trouble = troubles.toSorted((a, b) => a.since - b.since)[0]
  const lastWriteAt = Math.max(0, ...members.map((one) => one.lastWriteAt ?? 0))
  const damage = members.flatMap((one) => one.damage ?? []).toSorted((a, b) => b.at - a.at)[0]
  const order = ['retrying', 'running', 'idle', 'stopped'] as const
  return {
    ...common,
    members: members.length,
    state: order.find((state) => members.some((one) => one.state === state)) ?? first.state,
    ...(trouble && { trouble }),
    ...(damage && { damage }),
    read: sum(({ read }) => read),
    written: sum(({ written }) => written),
    overwritten: sum(({ overwritten }) => overwritten),
    deadLettered: sum(({ deadLettered }) => deadLettered),
    writes: sum(({ writes }) => writes),
    waiting: sum(({ waiting }) => waiting),
    ...(lastWriteAt > 0 && { lastWriteAt }),
  }
}
