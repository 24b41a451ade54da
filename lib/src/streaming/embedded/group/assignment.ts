import type { PartitionRef } from '../admin/topic.ts'

export interface LiveMember {
  readonly id: number
  readonly topics: readonly string[]
}

/**
 * The partitions that a member should own: round robin over the live members that subscribe to the topic, in the order in which
 * they joined. Every member computes the same assignment from the same lists.
 * @param partitions in an order that is the same for all members
 * @param me id of the member
 */
export function assign(members: readonly LiveMember[], partitions: readonly PartitionRef[], me: number): readonly PartitionRef[] {
  const sorted = members.toSorted((a, b) => a.id - b.id)
  return partitions.filter((partition, i) => {
    const eligible = sorted.filter((member) => member.topics.includes(partition.topic))
    return eligible[i % eligible.length]?.id === me
  })
}
