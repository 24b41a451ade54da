import { sqlState } from '../../../base/database/index.ts'
import { QiError } from '../../../base/types/index.ts'
import type { Connections } from '../Connections.ts'
import { type Fetched, type FetchRequest, fetchChunks } from './fetchChunks.ts'

/** True if PostgreSQL's own checks found its files damaged: data_corrupted, index_corrupted. */
export const isCorrupted = (error: unknown): boolean =>
  ['XX001', 'XX002'].includes(sqlState(error instanceof QiError ? error.cause : error) ?? '')

/** The place of the next chunk, without its bytes. */
const PLACE = `
select base_offset, count, appended_at from qicore_stream.chunks
where partition_id = $1 and base_offset + count > $2::bigint order by base_offset limit 1`

const FIRST_CHUNK = { partitionBytes: 0, totalBytes: 0 }

/**
 * Fetches the next chunk of each partition by itself, after PostgreSQL could not read some chunk of a fetch. A chunk that it cannot
 * read comes as damaged.
 * @throws QiError if not even the place of a chunk can be read
 */
export async function fetchOneByOne(
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
