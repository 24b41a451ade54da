import type { ClientBase } from 'pg'
import { type Message, QiError } from '../../../base/types/index.ts'
import { RecordWriter } from '../../../base/types/wire/index.ts'
import type { PartitionRef, Topic } from '../admin/topic.ts'
import { checksumOf, compress } from '../compression.ts'

/** A chunk ends at the first of these two limits. */
const CHUNK_BYTES = 1024 * 1024
const CHUNK_RECORDS = 10_000

/** The end of an append in a partition. */
export interface AppendEnd {
  readonly nextOffset: bigint
  /** In milliseconds since 1970. */
  readonly appendedAt: number
}

/** The messages of one append as chunks, grouped by partition. The chunks lie back to back in `body`. */
export interface EncodedAppend {
  readonly topic: Topic
  readonly body: Buffer
  /** The chunks before compression. */
  readonly raw: readonly Buffer[]
  /** One entry per chunk: serial id of the partition, number of records, start and length in the body. */
  readonly ids: readonly number[]
  readonly counts: readonly number[]
  readonly starts: readonly number[]
  readonly lengths: readonly number[]
  /** Bytes of a compressed chunk before compression; null for one that is stored uncompressed. */
  readonly unpacked: readonly (number | null)[]
  /** Checksums of the chunks as they are in the body. */
  readonly checksums: readonly number[]
}

/** @param partitions the partition of each message, as an index into the topic's partitions */
export function encodeAppend(topic: Topic, messages: readonly Message[], partitions: ArrayLike<number>): EncodedAppend {
  const byPartition: Message[][] = topic.partitions.map(() => [])
  messages.forEach((message, i) => {
    byPartition[partitions[i] as number]?.push(message)
  })
  const writer = new RecordWriter(256 * Math.min(messages.length, 4096))
  const columns = {
    ids: [] as number[],
    counts: [] as number[],
    starts: [] as number[],
    lengths: [] as number[],
    checksums: [] as number[],
  }
  const unpacked: (number | null)[] = []
  const chunks: Buffer[] = []
  const raw: Buffer[] = []
  let length = 0
  byPartition.forEach((part, index) => {
    for (let i = 0, from = 0; i < part.length; i++) {
      writer.write(part[i] as Message, i - from)
      const count = i + 1 - from
      if (count < CHUNK_RECORDS && writer.length < CHUNK_BYTES && i + 1 < part.length) continue
      const bytes = Buffer.from(writer.bytes)
      const packed = compress(bytes)
      const chunk = packed ?? bytes
      columns.ids.push((topic.partitions[index] as PartitionRef).id)
      columns.counts.push(count)
      columns.starts.push(length)
      columns.lengths.push(chunk.length)
      columns.checksums.push(checksumOf(chunk))
      unpacked.push(packed ? writer.length : null)
      chunks.push(chunk)
      raw.push(bytes)
      length += chunk.length
      from = i + 1
      writer.clear()
    }
  })
  return { topic, body: Buffer.concat(chunks, length), raw, unpacked, ...columns }
}

/**
 * One statement for all partitions. It first locks the row of each partition until the commit, in order of id so that two
 * producers cannot deadlock, and then takes offsets. A second producer waits for the first, so readers never see a gap in offsets.
 */
const APPEND = `
with part as (
  select * from unnest($1::int[], $2::int[], $3::int[], $4::int[], $5::int[], $7::int[]) with ordinality
  as u (id, count, start, length, unpacked, checksum, nth)),
held as (select id from qicore_stream.partitions where id = any($1::int[]) order by id for update),
moved as (
  update qicore_stream.partitions p set next_offset = p.next_offset + t.total
  from (select id, sum(count)::bigint as total from part group by id) t, held h
  where p.id = t.id and h.id = p.id
  returning p.id, p.next_offset, p.next_offset - t.total as base,
    (extract(epoch from clock_timestamp()) * 1000)::bigint as at),
written as (
  insert into qicore_stream.chunks (partition_id, base_offset, count, appended_at, bytes, unpacked, checksum)
  select m.id, m.base + sum(u.count) over (partition by u.id order by u.nth) - u.count, u.count, m.at,
    substring($6::bytea from u.start + 1 for u.length), u.unpacked, u.checksum
  from part u join moved m on m.id = u.id)
select id, next_offset, at from moved`

/**
 * @returns the end of the append by serial id of the partition
 * @throws errors of `pg`, and QiError NOT_FOUND if the topic was deleted meanwhile
 */
export async function runAppend(
  client: Pick<ClientBase, 'query'>,
  append: EncodedAppend,
): Promise<ReadonlyMap<number, AppendEnd>> {
  const { rows } = await client.query<{ id: number; next_offset: string; at: string }>({
    name: 'qicore_stream_append',
    text: APPEND,
    values: [append.ids, append.counts, append.starts, append.lengths, append.unpacked, append.body, append.checksums],
  })
  if (rows.length < new Set(append.ids).size) throw new QiError('NOT_FOUND', `topic "${append.topic.name}" was deleted`)
  return new Map(rows.map(({ id, next_offset, at }) => [id, { nextOffset: BigInt(next_offset), appendedAt: Number(at) }]))
}
