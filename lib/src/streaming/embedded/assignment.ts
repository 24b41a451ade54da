import type { PartitionRef } from './topics.ts'

export interface LiveMember {
  readonly id: number
  readonly topics: readonly string[]
}

/**
 * Which partitions a member should hold. Every member computes the same from the same list: partitions go round the live members
 * that subscribe to their topic, in the order in which those joined.
 * @param partitions in the same order for all
 */
export function assign(members: readonly LiveMember[], partitions: readonly PartitionRef[], me: number): readonly PartitionRef[] {
  const sorted = members.toSorted((a, b) => a.id - b.id)
  return partitions.filter((partition, i) => {
    const eligible = sorted.filter((member) => member.topics.includes(partition.topic))
    return eligible[i % eligible.length]?.id === me
  })
}
