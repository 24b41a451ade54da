import type { Admin } from '@platformatic/kafka'
import type { ClusterDescription } from '../../../base/types/index.ts'
import type { ConnectionSettings } from '../connection.ts'
import { hasApiError, kafkaError } from '../errors.ts'
import type { TopicAdmin } from './TopicAdmin.ts'

/** The brokers, and the bytes that each topic takes on their disks. */
export async function describeCluster(
  admin: Admin,
  topics: TopicAdmin,
  { address }: ConnectionSettings,
): Promise<ClusterDescription> {
  try {
    const { brokers, controllerId } = await admin.metadata({ topics: [], forceUpdate: true })
    const sizes = await sizesOf(admin, await topics.partitionCounts(await topics.names()))
    return {
      brokers: [...brokers].map(([id, { host, port }]) => ({
        id: String(id),
        address: `${host}:${port}`,
        controller: id === controllerId,
      })),
      ...(sizes && { sizes }),
    }
  } catch (error) {
    throw kafkaError(error, 'describe the cluster', address)
  }
}

/** @returns undefined without the ACL that reading disk sizes needs */
async function sizesOf(admin: Admin, counts: ReadonlyMap<string, number>): Promise<ReadonlyMap<string, number> | undefined> {
  const sizes = new Map([...counts.keys()].map((name) => [name, 0]))
  if (counts.size === 0) return sizes
  const topics = [...counts].map(([name, count]) => ({ name, partitions: Array.from({ length: count }, (_, i) => i) }))
  try {
    for (const { results } of await admin.describeLogDirs({ topics }))
      for (const { topics: found } of results)
        for (const { name, partitions } of found)
          for (const { partitionSize } of partitions) sizes.set(name, (sizes.get(name) ?? 0) + Number(partitionSize))
    return sizes
  } catch (error) {
    if (hasApiError(error, 'CLUSTER_AUTHORIZATION_FAILED')) return undefined
    throw error
  }
}
