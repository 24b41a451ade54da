import type { ClusterDescription } from '../../../base/types/index.ts'
import type { Connections } from '../Connections.ts'

/** The database server as the one broker, and the bytes that each topic's chunks take in it. */
export async function describeCluster(connections: Connections): Promise<ClusterDescription> {
  return connections.run(async (client) => {
    const { rows: servers } = await client.query<{ host: string; port: number }>(
      "select coalesce(host(inet_server_addr()), 'local socket') as host, coalesce(inet_server_port(), 0) as port",
    )
    const { rows } = await client.query<{ name: string; bytes: string }>(
      `select t.name, coalesce(sum(octet_length(c.bytes)), 0) as bytes from qicore_stream.topics t
       join qicore_stream.partitions p on p.topic_id = t.id left join qicore_stream.chunks c on c.partition_id = p.id
       group by t.name`,
    )
    return {
      brokers: servers.map(({ host, port }) => ({ id: 'postgres', address: `${host}:${port}`, controller: true })),
      sizes: new Map(rows.map(({ name, bytes }) => [name, Number(bytes)])),
    }
  })
}
