import { type PoolClient, QiError } from '../../base/index.ts'
import type { RecordRun } from '../../base/types/wire/index.ts'
import { type BinaryRow, copyOut } from './copyOut.ts'
import { unpackInto } from './packing.ts'

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

/** Chunks of one partition, back to back. */
export interface Fetched {
  readonly bytes: Buffer
  readonly runs: readonly RecordRun[]
  /** Whether the log held more at that moment. */
  readonly more: boolean
}

/** Most chunks of a partition in one go: one by one appended messages are many small chunks. */
const MOST_CHUNKS = 2000

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
  return found.map((collected) => collected?.finish())
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
    select base_offset, coalesce(unpacked, octet_length(bytes)) as size from qicore_stream.chunks
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
  p.picked < p.listed or p.listed = ${MOST_CHUNKS}, c.unpacked is not null, c.bytes
from picked p cross join lateral (
  select base_offset, count, appended_at, bytes, unpacked from qicore_stream.chunks
  where partition_id = p.id and base_offset = p.base_offset limit 1) c`

class Collected {
  readonly #bytes: Buffer
  readonly #more: boolean
  readonly #runs: RecordRun[] = []

  constructor(size: number, more: boolean) {
    this.#bytes = Buffer.allocUnsafe(size)
    this.#more = more
  }

  add(row: BinaryRow): void {
    const start = int4(row, 4)
    const size = int4(row, 5)
    const stored = row.bytes.subarray(row.columns[18], row.columns[19])
    const baseOffset = int8(row, 1)
    if (bool(row, 8)) this.#unpack(stored, start, size, baseOffset)
    else this.#bytes.set(stored, start)
    this.#runs.push({
      baseOffset,
      count: int4(row, 2),
      baseTimestamp: Number(int8(row, 3)),
      end: start + size,
    })
  }

  #unpack(stored: Buffer, start: number, size: number, baseOffset: bigint): void {
    try {
      unpackInto(this.#bytes, start, size, stored)
    } catch (cause) {
      const why = (cause as Error).message
      throw new QiError('INTERNAL', `the chunk of the log at offset ${baseOffset} is damaged and cannot be unpacked: ${why}`, {
        cause,
      })
    }
  }

  finish(): Fetched {
    const runs = this.#runs.sort((a, b) => a.end - b.end)
    return { bytes: this.#bytes, runs, more: this.#more }
  }
}

const int4 = (row: BinaryRow, column: number): number => row.bytes.readInt32BE(row.columns[2 * column] as number)
const int8 = (row: BinaryRow, column: number): bigint => row.bytes.readBigInt64BE(row.columns[2 * column] as number)
const bool = (row: BinaryRow, column: number): boolean => row.bytes[row.columns[2 * column] as number] !== 0
