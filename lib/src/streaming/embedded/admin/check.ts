import { randomUUID } from 'node:crypto'
import { isDiskFull } from '../../../base/database/index.ts'
import { type CheckResult, toQiError } from '../../../base/types/index.ts'
import { readRecords } from '../../../base/types/wire/index.ts'
import { encodeAppend, runAppend } from '../append/appendSql.ts'
import type { Connections } from '../Connections.ts'
import { fetchChunks } from '../read/fetchChunks.ts'

const LIMITS = { partitionBytes: 1024, totalBytes: 1024 }

/** Appends a message and reads it back, in a transaction that is rolled back, so nothing stays and nobody else sees it. Never throws. */
export async function check(connections: Connections): Promise<CheckResult> {
  const began = performance.now()
  try {
    const value = randomUUID()
    const read = await connections.run(async (client) => {
      await client.query('begin')
      const { rows } = await client.query<{ id: number; topic: number }>(
        `with t as (insert into qicore_stream.topics (name) values ($1) returning id)
         insert into qicore_stream.partitions (topic_id, partition) select id, 0 from t returning id, topic_id as topic`,
        [`check-${value}`],
      )
      const row = rows[0] as { id: number; topic: number }
      const partition = { id: row.id, topicId: row.topic, topic: 'check', partition: 0 }
      const messages = [{ key: 'check', value }]
      await runAppend(client, encodeAppend({ id: row.topic, name: 'check', partitions: [partition] }, messages, [0]))
      const [found] = await fetchChunks(client, [{ id: row.id, offset: 0n }], LIMITS)
      await client.query('rollback')
      return (
        found && readRecords({ topic: 'check', partition: 0, bytes: found.bytes, runs: found.runs, from: 0n, maxBytes: 1024 })[0]
      )
    })
    if (!read || Buffer.from(read.value(0)).toString() !== value)
      return {
        ok: false,
        summary: 'the embedded log returned other bytes than were appended',
        remedy: 'report this: it is a defect',
      }
    const ms = Math.round(performance.now() - began)
    return { ok: true, summary: `embedded log: appended and read in ${ms} ms`, details: { milliseconds: ms } }
  } catch (error) {
    const failure = toQiError(error)
    return {
      ok: false,
      summary: `embedded log: ${failure.message}`,
      remedy: isDiskFull(error)
        ? 'free space on the disk of the database; appending then resumes by itself'
        : 'check that the database runs and that its role may write to the schema qicore_stream',
      error: failure,
    }
  }
}
