import type { PoolClient } from '../../base/index.ts'
import { type CheckedRun, endOf, LEAST_RECORD } from '../../base/types/wire/index.ts'
import { type BinaryRow, copyOut } from './copyOut.ts'
import { checksumOf, unpackInto } from './packing.ts'

export interface FetchRequest {
  /** Serial id of the partition. */
  readonly id: number
  /** First offset wanted; may lie inside a chunk. */
  readonly offset: bigint
}

export interface FetchLimits {
  /** Most bytes a partition; its first chunk comes whole. */
  readonly partitionBytes: number
  /** Most bytes in all, shared fairly: each partition gets its first chunk before any gets a second. */
  readonly totalBytes: number
}

/** Chunks of one partition, back to back; of a damaged one nothing is in `bytes`. */
export interface Fetched {
  readonly bytes: Buffer
  readonly runs: readonly CheckedRun[]
  /** Whether the log held more at that moment. */
  readonly more: boolean
}

/** Most chunks of a partition in one go: one by one appended messages are many small chunks. */
const MOST_CHUNKS = 2000
/** No chunk unpacks to more: its messages fill a mebibyte before the last one, of at most 64 MiB. A larger size is damage. */
const MOST_UNPACKED = 128 * 1024 * 1024

/**
 * One round trip for all partitions, answered in the order of the requests; undefined where nothing is there.
 * A chunk becomes visible whole, and never before those in front of it: appends hold the partition until they have committed.
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

/** The offset at which the chunk ends that begins at the base: the next begins there, or will. One statement, hence one snapshot. */
async function nextBase(client: PoolClient, id: number, base: bigint): Promise<bigint> {
  const { rows } = await client.query<{ next: string }>(
    `select coalesce((select min(base_offset) from qicore_stream.chunks where partition_id = $1 and base_offset > $2::bigint),
       (select next_offset from qicore_stream.partitions where id = $1)) as next`,
    [id, String(base)],
  )
  return BigInt(rows[0]?.next ?? base + 1n)
}

/**
 * First which chunks, by their sizes alone (unpacked, which is what they take of the reader's memory); then their bytes by primary
 * key. COPY takes no parameters: all are numbers.
 */
const fetchSql = (requests: readonly FetchRequest[], limits: FetchLimits): string => `
with wanted (i, id, at) as (values ${requests.map((r, i) => `(${i}, ${r.id}, ${r.offset}::bigint)`).join(', ')}),
listed as (
  select w.i, w.id, c.base_offset, c.size,
    row_number() over one as nth, sum(c.size) over one as upto, count(*) over (partition by w.i) as listed
  from wanted w cross join lateral (
    select base_offset, least(greatest(coalesce(unpacked, octet_length(bytes)), 0), ${MOST_UNPACKED}) as size from qicore_stream.chunks
    where partition_id = w.id and base_offset + count > w.at and base_offset >= coalesce(
      (select max(base_offset) from qicore_stream.chunks where partition_id = w.id and base_offset <= w.at), w.at)
    order by base_offset limit ${MOST_CHUNKS}) c
  window one as (partition by w.i order by c.base_offset)),
shared as (
  select *, sum(size) over (order by nth, i) as total from listed where upto <= ${limits.partitionBytes} or nth = 1),
picked as (
  select *, sum(size) over (partition by i) as bytes, count(*) over (partition by i) as picked
  from shared where total <= ${limits.totalBytes} or (nth = 1 and i = 0))
select p.i::int, c.base_offset, c.count, c.appended_at, (p.upto - p.size)::int, p.size::int, p.bytes::int,
  p.picked < p.listed or p.listed = ${MOST_CHUNKS}, c.unpacked is not null, c.checksum, c.bytes
from picked p cross join lateral (
  select base_offset, count, appended_at, bytes, unpacked, checksum from qicore_stream.chunks
  where partition_id = p.id and base_offset = p.base_offset limit 1) c`

class Collected {
  readonly #bytes: Buffer
  readonly #more: boolean
  /** A chunk claims more messages than its bytes can hold, so its neighbours say where it ends. */
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
    const checked = !isChecked(row) || checksumOf(stored) === int4(row, 9)
    const damage = checked ? this.#place(row, stored, start, size) : 'its checksum is wrong'
    this.#unsure ||= count * LEAST_RECORD > size
    const appendedAt = Number(int8(row, 3))
    this.#runs.push({
      baseOffset: int8(row, 1),
      count,
      baseTimestamp: appendedAt,
      end: start + size,
      // A row's bytes are valid only while it is handed in.
      ...(damage !== undefined && { damage: { reason: damage, bytes: Buffer.from(stored), appendedAt } }),
    })
  }

  /** @returns why the chunk cannot be unpacked */
  #place(row: BinaryRow, stored: Buffer, start: number, size: number): string | undefined {
    const packed = bool(row, 8)
    try {
      if (packed) unpackInto(this.#bytes, start, size, stored)
      else this.#bytes.set(stored, start)
      return undefined
    } catch (error) {
      return `it cannot be unpacked: ${(error as Error).message}`
    }
  }

  /** @param nextBase where the chunk ends that begins at an offset; asked only where a chunk contradicts itself */
  async finish(nextBase: (base: bigint) => Promise<bigint>): Promise<Fetched> {
    const runs = this.#runs.sort((a, b) => a.end - b.end || Number(a.baseOffset - b.baseOffset))
    const fetched = { bytes: this.#bytes, runs, more: this.#more }
    if (!this.#unsure) return fetched
    const bases = [...runs.slice(1).map(({ baseOffset }) => baseOffset), await nextBase(runs.at(-1)?.baseOffset ?? 0n)]
    return { ...fetched, runs: runs.map((run, i) => ({ ...run, nextOffset: least(endOf(run), bases[i] as bigint) })) }
  }
}

const least = (a: bigint, b: bigint): bigint => (a < b ? a : b)

/** A chunk of before there were checksums has none. */
const isChecked = (row: BinaryRow): boolean => (row.columns[18] as number) < (row.columns[19] as number)

const int4 = (row: BinaryRow, column: number): number => row.bytes.readInt32BE(row.columns[2 * column] as number)
const int8 = (row: BinaryRow, column: number): bigint => row.bytes.readBigInt64BE(row.columns[2 * column] as number)
const bool = (row: BinaryRow, column: number): boolean => row.bytes[row.columns[2 * column] as number] !== 0
