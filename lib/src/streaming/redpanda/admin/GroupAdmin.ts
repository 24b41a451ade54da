import type { Admin, Group } from '@platformatic/kafka'
import { type GroupDescription, type PartitionLag, type Position, QiError } from '../../../base/types/index.ts'
import type { ConnectionSettings } from '../connection.ts'
import { hasApiError, kafkaError } from '../errors.ts'
import type { TopicAdmin } from './TopicAdmin.ts'

/** Consumer groups seen from outside: their lag, members and offsets. */
export class GroupAdmin {
  readonly #admin: Admin
  readonly #topics: TopicAdmin
  readonly #settings: ConnectionSettings

  constructor(admin: Admin, topics: TopicAdmin, settings: ConnectionSettings) {
    this.#admin = admin
    this.#topics = topics
    this.#settings = settings
  }

  async lag(group: string): Promise<readonly PartitionLag[]> {
    const committed = new Map<string, Map<number, bigint>>()
    const existing = new Set(await this.#topics.names())
    for (const { name, partitions } of await this.#committed(group)) {
      const offsets = partitions.filter((p) => p.committedOffset >= 0n).map((p) => [p.partitionIndex, p.committedOffset] as const)
      if (offsets.length > 0 && existing.has(name)) committed.set(name, new Map(offsets))
    }
    const counts = await this.#topics.partitionCounts([...committed.keys()])
    const all = [...counts].flatMap(([topic, count]) => Array.from({ length: count }, (_, partition) => ({ topic, partition })))
    const [earliest, latest] = await Promise.all([this.#topics.offsets(all, 'earliest'), this.#topics.offsets(all, 'latest')])
    return earliest.map(({ topic, partition, offset: low }, i) => {
      const offset = committed.get(topic)?.get(partition) ?? low
      const end = latest[i]?.offset ?? low
      // Messages that retention deleted no longer count.
      const from = offset > low ? offset : low
      return { topic, partition, offset, lag: end > from ? end - from : 0n }
    })
  }

  /** Consumer groups of the classic and of the newer protocol; other groups, such as Kafka Connect's workers, are left out. */
  async describe(names?: readonly string[]): Promise<readonly GroupDescription[]> {
    try {
      const listed = [...(await this.#admin.listGroups()).values()]
      const wanted = listed
        .filter(({ id, protocolType }) => (protocolType === 'consumer' || protocolType === '') && (names?.includes(id) ?? true))
        .map(({ id }) => id)
        .toSorted()
      if (wanted.length === 0) return []
      const found = await this.#admin.describeGroups({ groups: wanted })
      return wanted.flatMap((name) => {
        const group = found.get(name)
        return group && group.state.toUpperCase() !== 'DEAD' ? [describe(name, group)] : []
      })
    } catch (error) {
      throw kafkaError(error, 'describe the consumer groups', this.#settings.address)
    }
  }

  async reset(group: string, positions: readonly Position[]): Promise<void> {
    if (positions.length === 0) return
    if (await this.#hasMembers(group)) throw conflict(group)
    const topics = [...Map.groupBy(positions, ({ topic }) => topic)].map(([name, of]) => ({
      name,
      partitionOffsets: of.map(({ partition, offset }) => ({ partition, offset })),
    }))
    try {
      await this.#admin.alterConsumerGroupOffsets({ groupId: group, topics })
    } catch (error) {
      // A member joined after the check above.
      if (hasApiError(error, 'UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION', 'NON_EMPTY_GROUP', 'REBALANCE_IN_PROGRESS'))
        throw conflict(group, error)
      throw kafkaError(error, `reset offsets of group ${group}`, this.#settings.address)
    }
  }

  async delete(group: string): Promise<void> {
    try {
      await this.#admin.deleteGroups({ groups: [group] })
    } catch (error) {
      if (hasApiError(error, 'NON_EMPTY_GROUP')) throw conflict(group, error)
      throw kafkaError(error, `delete group ${group}`, this.#settings.address)
    }
  }

  async #committed(group: string) {
    try {
      const [found] = await this.#admin.listConsumerGroupOffsets({ groups: [group] })
      return found?.topics ?? []
    } catch (error) {
      if (hasApiError(error, 'GROUP_ID_NOT_FOUND')) return []
      throw kafkaError(error, `read the offsets of group ${group}`, this.#settings.address)
    }
  }

  async #hasMembers(group: string): Promise<boolean> {
    try {
      const found = (await this.#admin.describeGroups({ groups: [group] })).get(group)
      return found !== undefined && found.members.size > 0
    } catch (error) {
      if (hasApiError(error, 'GROUP_ID_NOT_FOUND')) return false
      throw kafkaError(error, `describe group ${group}`, this.#settings.address)
    }
  }
}

const conflict = (group: string, cause?: unknown): QiError =>
  new QiError('CONFLICT', `group ${group} has members: stop its consumers first`, { cause })

function describe(name: string, { state, members }: Group): GroupDescription {
  return {
    name,
    state: members.size === 0 ? 'empty' : state.toUpperCase() === 'STABLE' ? 'active' : 'rebalancing',
    members: [...members.values()].map(({ id, assignments }) => ({
      id,
      assignments: [...(assignments?.values() ?? [])]
        .flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition })))
        .toSorted((a, b) => (a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1)),
    })),
  }
}
