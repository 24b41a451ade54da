import { QiError, sqlState } from '../../base/index.ts'
import type { Connections } from './connections.ts'
import { type Fetched, type FetchRequest, fetchChunks } from './fetch.ts'

/** PostgreSQL's own checks found the files of the log damaged: data_corrupted, index_corrupted. */
export const isCorrupted = (error: unknown): boolean =>
  ['XX001', 'XX002'].includes(sqlState(error instanceof QiError ? error.cause : error) ?? '')

/** A chunk without its bytes. */
const PLACE = `
select base_offset, count, appended_at from qicore_stream.chunks
where partition_id = $1 and base_offset + count > $2::bigint order by base_offset limit 1`

const FIRST_CHUNK = { partitionBytes: 0, totalBytes: 0 }

/**
 * The next chunk of each partition, fetched alone since PostgreSQL cannot read all of them: one that it cannot read is damaged.
 * @throws QiError where not even the places of the chunks can be read
 */
export async function fetchAround(
  connections: Connections,
  requests: readonly FetchRequest[],
): Promise<readonly (Fetched | undefined)[]> {
  const found: (Fetched | undefined)[] = []
  for (const request of requests)
    try {
      found.push((await connections.run((client) => fetchChunks(client, [request], FIRST_CHUNK)))[0])
    } catch (error) {
      if (!isCorrupted(error)) throw error
      found.push(await unreadable(connections, request, (error as Error).message))
    }
  return found
}

async function unreadable(connections: Connections, { id, offset }: FetchRequest, why: string): Promise<Fetched | undefined> {
  const { rows } = await connections.run((client) =>
    client.query<{ base_offset: string; count: number; appended_at: string }>(PLACE, [id, String(offset)]),
  )
  const [row] = rows
  if (!row) return undefined
  const appendedAt = Number(row.appended_at)
  const damage = { reason: `PostgreSQL cannot read it: ${why}`, bytes: Buffer.alloc(0), appendedAt }
  const run = { baseOffset: BigInt(row.base_offset), count: row.count, baseTimestamp: appendedAt, end: 0, damage }
  return { bytes: Buffer.alloc(0), runs: [run], more: true }
}
