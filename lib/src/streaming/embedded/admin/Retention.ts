import { type Logger, toQiError } from '../../../base/types/index.ts'
import type { Connections } from '../Connections.ts'

const EVERY_MS = 60_000
/** Chunks dropped in one transaction; appends to the partition wait for it. */
const AT_ONCE = 200

export interface RetentionOptions {
  readonly retentionMs: number
  /** Longest time that messages no group reads are kept. Messages that some group has yet to read are never dropped here: `max_lag` bounds those. */
  readonly unreadRetentionMs?: number | undefined
  readonly logger: Logger
}

/**
 * Partitions with messages, and the offset up to which every group has read (a group that committed nothing has read nothing).
 * `read` is null if no group reads the partition: its messages are kept, or kept for `unreadRetentionMs`. Dead letter topics are
 * left out, because people read them, not groups.
 */
const CANDIDATES = `
select p.id, g.read
from qicore_stream.partitions p join qicore_stream.topics t on t.id = p.topic_id
cross join lateral (select min(coalesce(o.next_offset, 0)) as read from qicore_stream.group_offsets o where o.partition_id = p.id) g
where t.name not like '%.dlq' and p.first_offset < p.next_offset order by p.id`

/** Drops the chunks before the first one that must stay: only a prefix, so that offsets keep no hole. */
const DROP = `
with oldest as (
  select base_offset, count, appended_at, base_offset + count <= $2::bigint as read from qicore_stream.chunks
  where partition_id = $1 order by base_offset limit ${AT_ONCE}),
stays as (
  select min(base_offset) as base from oldest where not (read and appended_at < $3::bigint) and not appended_at < $4::bigint),
dropped as (
  delete from qicore_stream.chunks c using oldest o
  where c.partition_id = $1 and c.base_offset = o.base_offset and o.base_offset < coalesce((select base from stays), 9223372036854775807)
  returning c.base_offset + c.count as next)
update qicore_stream.partitions set first_offset = greatest(first_offset, (select max(next) from dropped))
where id = $1 and exists (select from dropped) returning (select count(*) from dropped)::int as chunks`

/** Drops expired chunks once a minute. An advisory lock lets one client of the log do it at a time. */
export class Retention {
  readonly #connections: Connections
  readonly #options: RetentionOptions
  readonly #timer: NodeJS.Timeout
  #running: Promise<unknown> = Promise.resolve()
  #closed = false

  constructor(connections: Connections, options: RetentionOptions) {
    this.#connections = connections
    this.#options = options
    this.#timer = setInterval(() => {
      this.#running = this.drop().catch((error: unknown) => {
        options.logger.debug({ err: toQiError(error) }, 'retention failed; retrying in a minute')
      })
    }, EVERY_MS).unref()
  }

  /** @returns the number of chunks dropped; 0 while another client drops */
  async drop(): Promise<number> {
    const { rows } = await this.#connections.run((client) => client.query<{ id: number; read: string | null }>(CANDIDATES))
    let total = 0
    for (const { id, read } of rows)
      for (let chunks = AT_ONCE; chunks === AT_ONCE && !this.#closed; total += chunks) chunks = await this.#dropSome(id, read)
    return total
  }

  #dropSome(id: number, read: string | null): Promise<number> {
    const { retentionMs, unreadRetentionMs } = this.#options
    return this.#connections.run(async (client) => {
      await client.query('begin')
      const { rows } = await client.query<{ free: boolean; now: string }>(
        'select pg_try_advisory_xact_lock($1, $2) as free, (extract(epoch from now()) * 1000)::bigint as now',
        [...this.#connections.keys.single.retention],
      )
      const now = Number(rows[0]?.now)
      const oldest = read !== null || unreadRetentionMs === undefined ? -1 : now - unreadRetentionMs
      const dropped = rows[0]?.free
        ? await client.query<{ chunks: number }>(DROP, [id, read ?? 0, now - retentionMs, oldest])
        : undefined
      await client.query('commit')
      return dropped?.rows[0]?.chunks ?? 0
    })
  }

  async close(): Promise<void> {
    this.#closed = true
    clearInterval(this.#timer)
    await this.#running
  }
}
