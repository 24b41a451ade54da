import type { PoolClient } from '../../../base/database/index.ts'
import { type CheckedRun, endOf, LEAST_RECORD } from '../../../base/types/wire/index.ts'
import { checksumOf, decompressInto } from '../compression.ts'
import { type BinaryRow, copyOut } from './copyOut.ts'

export interface FetchRequest {
  /** Serial id of the partition. */
  readonly id: number
  /** First offset wanted; it may be in the middle of a chunk. */
  readonly offset: bigint
}

export interface FetchLimits {
  /** Most bytes of one partition; its first chunk comes whole, however large. */
  readonly partitionBytes: number
  /** Most bytes in total. Each partition gets its first chunk before any gets a second. */
  readonly totalBytes: number
}

/** Chunks of one partition, decompressed and back to back; a damaged chunk is a run without bytes. */
export interface Fetched {
  readonly bytes: Buffer
  readonly runs: readonly CheckedRun[]
  /** True if the log held more of the partition at that moment. */
  readonly more: boolean
}

/** Most chunks of a partition in one fetch: messages appended one by one make many small chunks. */
const MAX_CHUNKS = 2000
/** Most decompressed bytes of a chunk: it has less than 1 MiB before its last message of at most 64 MiB. A larger size is damage. */
const MAX_CHUNK_BYTES = 128 * 1024 * 1024

/**
 * Fetches all partitions in one round trip. A chunk never becomes visible before the chunks in front of it, because an append
 * keeps its partition locked until it commits.
 * @returns in the order of the requests; undefined for a partition without newer messages
 */
export async function fetchChunks(
  client: PoolClient,
  requests: readonly FetchRequest[],
  limits: FetchLimits,
): Promise<readonly (Fetched | undefined)[]> {
  const found: (Collected | undefined)[] = requests.map(() => undefined)
  await copyOut(client, fetchSql(requests, limits), (row) => {
    const index = int4(row, 0)
    found[index] ??= new Collected(int4(row, 6), bool(row, 7))
    found[index].add(row)
  })
  const fetched: (Fetched | undefined)[] = []
  for (const [i, { id }] of requests.entries()) fetched.push(await found[i]?.finish((base) => nextBase(client, id, base)))
  return fetched
}

/** The offset after the chunk at `base`: the base of the next chunk, or of the one to come. One statement, so one snapshot. */
async function nextBase(client: PoolClient, id: number, base: bigint): Promise<bigint> {
  const { rows } = await client.query<{ next: string }>(
    `select coalesce((select min(base_offset) from qicore_stream.chunks where partition_id = $1 and base_offset > $2::bigint),
       (select next_offset from qicore_stream.partitions where id = $1)) as next`,
    [id, String(base)],
  )
  return BigInt(rows[0]?.next ?? base + 1n)
}

/**
 * Picks the chunks by their decompressed sizes, without reading their bytes, and then reads the bytes by primary key. COPY takes no
 * parameters; only numbers are put into the text.
 */
const fetchSql = (requests: readonly FetchRequest[], limits: FetchLimits): string => `
with wanted (i, id, at) as (values ${requests.map((r, i) => `(${i}, ${r.id}, ${r.offset}::bigint)`).join(', ')}),
listed as (
  select w.i, w.id, c.base_offset, c.size,
    row_number() over one as nth, sum(c.size) over one as upto, count(*) over (partition by w.i) as listed
  from wanted w cross join lateral (
    select base_offset, least(greatest(coalesce(unpacked, octet_length(bytes)), 0), ${MAX_CHUNK_BYTES}) as size from qicore_stream.chunks
    where partition_id = w.id and base_offset + count > w.at and base_offset >= coalesce(
      (select max(base_offset) from qicore_stream.chunks where partition_id = w.id and base_offset <= w.at), w.at)
    order by base_offset limit ${MAX_CHUNKS}) c
  window one as (partition by w.i order by c.base_offset)),
shared as (
  select *, sum(size) over (order by nth, i) as total from listed where upto <= ${limits.partitionBytes} or nth = 1),
picked as (
  select *, sum(size) over (partition by i) as bytes, count(*) over (partition by i) as picked
  from shared where total <= ${limits.totalBytes} or (nth = 1 and i = 0))
select p.i::int, c.base_offset, c.count, c.appended_at, (p.upto - p.size)::int, p.size::int, p.bytes::int,
  p.picked < p.listed or p.listed = ${MAX_CHUNKS}, c.unpacked is not null, c.checksum, c.bytes
from picked p cross join lateral (
  select base_offset, count, appended_at, bytes, unpacked, checksum from qicore_stream.chunks
  where partition_id = p.id and base_offset = p.base_offset limit 1) c`

/** Collects the rows of one partition. */
class Collected {
  readonly #bytes: Buffer
  readonly #more: boolean
  /** True if a chunk claims more messages than its bytes can hold; then its end is taken from the chunk after it. */
  #unsure = false
  readonly #runs: CheckedRun[] = []

  constructor(size: number, more: boolean) {
    this.#bytes = Buffer.allocUnsafe(size)
    this.#more = more
  }

  add(row: BinaryRow): void {
    const start = int4(row, 4)
    const size = int4(row, 5)
    const stored = row.bytes.subarray(row.columns[20], row.columns[21])
    const count = int4(row, 2)
    const sound = !hasChecksum(row) || checksumOf(stored) === int4(row, 9)
    const damage = sound ? this.#place(row, stored, start, size) : 'its checksum is wrong'
    this.#unsure ||= count * LEAST_RECORD > size
    const appendedAt = Number(int8(row, 3))
    this.#runs.push({
      baseOffset: int8(row, 1),
      count,
      baseTimestamp: appendedAt,
      end: start + size,
      // Copied, because a row's bytes are valid only during this call.
      ...(damage !== undefined && { damage: { reason: damage, bytes: Buffer.from(stored), appendedAt } }),
    })
  }

  /** @returns the reason if the chunk cannot be decompressed */
  #place(row: BinaryRow, stored: Buffer, start: number, size: number): string | undefined {
    const compressed = bool(row, 8)
    try {
      if (compressed) decompressInto(this.#bytes, start, size, stored)
      else this.#bytes.set(stored, start)
      return undefined
    } catch (error) {
      return `it cannot be decompressed: ${(error as Error).message}`
    }
  }

  /** @param nextBase gives the offset after the chunk at a base; called only if a chunk contradicts itself */
  async finish(nextBase: (base: bigint) => Promise<bigint>): Promise<Fetched> {
    const runs = this.#runs.sort((a, b) => a.end - b.end || Number(a.baseOffset - b.baseOffset))
    const fetched = { bytes: this.#bytes, runs, more: this.#more }
    if (!this.#unsure) return fetched
    const bases = [...runs.slice(1).map(({ baseOffset }) => baseOffset), await nextBase(runs.at(-1)?.baseOffset ?? 0n)]
    return { ...fetched, runs: runs.map((run, i) => ({ ...run, nextOffset: least(endOf(run), bases[i] as bigint) })) }
  }
}

const least = (a: bigint, b: bigint): bigint => (a < b ? a : b)

/** False for a chunk written by a version that had no checksums. */
const hasChecksum = (row: BinaryRow): boolean => (row.columns[18] as number) < (row.columns[19] as number)

const int4 = (row: BinaryRow, column: number): number => row.bytes.readInt32BE(row.columns[2 * column] as number)
const int8 = (row: BinaryRow, column: number): bigint => row.bytes.readBigInt64BE(row.columns[2 * column] as number)
const bool = (row: BinaryRow, column: number): boolean => row.bytes[row.columns[2 * column] as number] !== 0
