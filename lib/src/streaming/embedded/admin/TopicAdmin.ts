import { QiError, type TopicDescription } from '../../../base/types/index.ts'
import type { Connections } from '../Connections.ts'
import { announce } from '../notify.ts'
import type { Topic } from './topic.ts'

const NAME = /^[a-zA-Z0-9._-]{1,249}$/

/** Topics of the log: create, delete, describe. Looked-up topics are cached until any topic is created or deleted. */
export class TopicAdmin {
  readonly #connections: Connections
  readonly #known = new Map<string, Topic>()

  constructor(connections: Connections) {
    this.#connections = connections
  }

  /** Empties the cache. */
  forget(): void {
    this.#known.clear()
  }

  /** @throws QiError NOT_FOUND */
  async get(name: string): Promise<Topic> {
    const known = this.#known.get(name)
    if (known) return known
    const { rows } = await this.#connections.run((client) =>
      client.query<{ topic_id: number; id: number; partition: number }>(
        `select p.topic_id, p.id, p.partition from qicore_stream.partitions p join qicore_stream.topics t on t.id = p.topic_id
         where t.name = $1 order by p.partition`,
        [name],
      ),
    )
    const first = rows[0]
    if (!first) throw new QiError('NOT_FOUND', `no topic "${name}"; create it first`)
    const topic = {
      id: first.topic_id,
      name,
      partitions: rows.map(({ id, partition }) => ({ id, topicId: first.topic_id, topic: name, partition })),
    }
    this.#known.set(name, topic)
    return topic
  }

  /** Safe in two processes at once: the second waits for the first and finds its topics. @throws QiError BAD_REQUEST */
  async create(names: readonly string[], partitions: number): Promise<void> {
    for (const name of names)
      if (!NAME.test(name)) throw new QiError('BAD_REQUEST', `topic "${name}": 1 to 249 of the characters a-z A-Z 0-9 . _ -`)
    if (!Number.isInteger(partitions) || partitions < 1 || partitions > 1024)
      throw new QiError('BAD_REQUEST', `partitions ${partitions}: an integer from 1 to 1024`)
    await this.#connections.run(async (client) => {
      const { rowCount } = await client.query(
        `with created as (
           insert into qicore_stream.topics (name)
           select wanted.name from unnest($1::text[]) as wanted (name)
           where not exists (select from qicore_stream.topics t where t.name = wanted.name) order by 1
           on conflict (name) do nothing returning id)
         insert into qicore_stream.partitions (topic_id, partition)
         select id, partition from created, generate_series(0, $2::int - 1) as partition order by 1, 2`,
        [[...new Set(names)], partitions],
      )
      if (rowCount) await announce(client, { kind: 'topics' })
    })
  }

  async delete(names: readonly string[]): Promise<void> {
    this.#known.clear()
    await this.#connections.run(async (client) => {
      await client.query('begin')
      // Waits for running appends, which hold this lock; later ones wait for it and then find no topic.
      const { rows } = await client.query<{ id: number }>(
        `select p.id from qicore_stream.partitions p join qicore_stream.topics t on t.id = p.topic_id
         where t.name = any($1) order by p.id for update of p`,
        [names],
      )
      await client.query('delete from qicore_stream.chunks where partition_id = any($1)', [rows.map((row) => row.id)])
      await client.query('delete from qicore_stream.topics where name = any($1)', [names])
      await announce(client, { kind: 'topics' })
      await client.query('commit')
    })
  }

  async describe(names?: readonly string[]): Promise<readonly TopicDescription[]> {
    const { rows } = await this.#connections.run((client) =>
      client.query<{ name: string; identity: string; partition: number; earliest: string; latest: string }>(
        `select t.name, t.id || '-' || (extract(epoch from t.created_at) * 1000000)::bigint as identity, p.partition,
           p.first_offset as earliest, p.next_offset as latest
         from qicore_stream.topics t join qicore_stream.partitions p on p.topic_id = t.id
         where $1::text[] is null or t.name = any($1) order by t.name collate "C", p.partition`,
        [names ?? null],
      ),
    )
    return [...Map.groupBy(rows, ({ name }) => name)].map(([name, partitions]) => ({
      name,
      id: partitions[0]?.identity ?? '',
      partitions: partitions.map(({ partition, earliest, latest }) => ({
        partition,
        earliest: BigInt(earliest),
        latest: BigInt(latest),
      })),
    }))
  }

  /** The first offset held and the next offset to be given. @throws QiError NOT_FOUND */
  async bounds(topic: string, partition: number): Promise<{ readonly earliest: bigint; readonly latest: bigint }> {
    const found = (await this.describe([topic]))[0]?.partitions[partition]
    if (!found) throw new QiError('NOT_FOUND', `topic "${topic}" has no partition ${partition}`)
    return found
  }
}
