import { randomBytes } from 'node:crypto'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { Client } from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { openEmbeddedStream } from '../../../lib/src/streaming/embedded/index.ts'
import { kill9Postgres } from '../../support/kill9.ts'
import { openLog, ownServer, unique } from './openLog.ts'

const PAGE = 8192
const own = ownServer()

/** Changes one byte in the middle of a page of a file, like a faulty disk. */
async function rot(file: string, page: number): Promise<void> {
  await using handle = await open(file, 'r+')
  const at = page * PAGE + PAGE / 2
  const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, at)
  await handle.write(Buffer.of((buffer[0] as number) ^ 1), 0, 1, at)
}

test('a chunk in pages that PostgreSQL finds damaged is reported with its offsets, and the others are read', async () => {
  const { server } = own
  const topic = unique('rot')
  const client = new Client(server.url)
  await client.connect()
  onTestFinished(() => client.end().catch(() => {}))
  client.on('error', () => {}) // it is killed below
  const writer = await openEmbeddedStream({ url: server.url })
  await writer.createTopics([topic, `${topic}-other`], { partitions: 1 })
  for (let i = 0; i < 4; i++) await writer.append(topic, [{ key: null, value: randomBytes(60_000) }])
  await writer.append(`${topic}-other`, [{ key: null, value: 'sound' }])
  await writer.close()
  const { rows } = await client.query<{ path: string }>(
    "select pg_relation_filepath(reltoastrelid) as path from pg_class where oid = 'qicore_stream.chunks'::regclass",
  )
  await client.query('checkpoint')
  await kill9Postgres(server.dataFolder)
  // The second of four times eight pages.
  await rot(join(server.dataFolder, rows[0]?.path as string), 11)
  await server.ensureRunning()

  const log = await openLog(() => server.url)
  const seen: string[] = []
  for await (const batch of log.read({ topics: [topic, `${topic}-other`], from: 'earliest', untilEnd: true }))
    seen.push(batch.damage ?? `${batch.topic === topic ? '' : 'other '}${batch.firstOffset}-${batch.nextOffset - 1n}`)
  expect(seen.toSorted()).toEqual([
    '0-0',
    '2-3',
    expect.stringMatching(/^PostgreSQL cannot read it: invalid page in block 11 of relation/),
    'other 0-0',
  ])
})
