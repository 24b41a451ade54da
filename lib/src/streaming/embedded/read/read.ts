import { type EncodedBatch, type Logger, type Position, QiError, type ReadOptions, toQiError } from '../../../base/types/index.ts'
import type { TopicAdmin } from '../admin/TopicAdmin.ts'
import type { PartitionRef } from '../admin/topic.ts'
import type { Connections } from '../Connections.ts'
import type { Listener } from '../Listener.ts'
import { Cursor } from './Cursor.ts'
import { ReadAhead } from './ReadAhead.ts'

export const DEFAULT_MAX_BYTES = 1024 * 1024

export interface ReadContext {
  readonly connections: Connections
  readonly topics: TopicAdmin
  readonly listener: Listener
  readonly logger: Logger
  /** Aborted when the stream is closed. */
  readonly closed: AbortSignal
}

/** Reads without a group. Start and end are fixed by the call, not by the first pull. */
export function read(context: ReadContext, options: ReadOptions): AsyncIterable<EncodedBatch> {
  if (options.topics.length === 0) throw new QiError('BAD_REQUEST', 'read: topics is empty; name at least one')
  const cursors = startCursors(context, options)
  cursors.catch(() => {}) // the first pull throws it
  return { [Symbol.asyncIterator]: () => iterate(context, options, cursors) }
}

async function startCursors({ connections, topics }: ReadContext, options: ReadOptions): Promise<readonly Cursor[]> {
  const partitions = (await Promise.all([...new Set(options.topics)].map((name) => topics.get(name)))).flatMap(
    (topic) => topic.partitions,
  )
  const ids = partitions.map((partition) => partition.id)
  const { rows } = await connections.run((client) =>
    client.query<{ id: number; first_offset: string; next_offset: string }>(
      'select id, first_offset, next_offset from qicore_stream.partitions where id = any($1)',
      [ids],
    ),
  )
  const bounds = new Map(rows.map((row) => [row.id, row]))
  return partitions.map((partition) => {
    const bound = bounds.get(partition.id)
    if (!bound) {
      topics.forget()
      throw new QiError('NOT_FOUND', `topic "${partition.topic}" was deleted`)
    }
    const latest = BigInt(bound.next_offset)
    const from = options.from === 'latest' ? latest : startOf(partition, options.from, BigInt(bound.first_offset))
    return new Cursor(partition, from, options.untilEnd ? latest : undefined)
  })
}

function startOf(partition: PartitionRef, from: 'earliest' | readonly Position[], earliest: bigint): bigint {
  if (from === 'earliest') return earliest
  return from.find((at) => at.topic === partition.topic && at.partition === partition.partition)?.offset ?? earliest
}

function iterate(context: ReadContext, options: ReadOptions, starting: Promise<readonly Cursor[]>): AsyncIterator<EncodedBatch> {
  const reader = new ReadAhead({ ...context, maxBytes: options.maxBytes ?? DEFAULT_MAX_BYTES })
  const close = () => {
    unsubscribe()
    context.closed.removeEventListener('abort', close)
    options.signal?.removeEventListener('abort', close)
    reader.close()
  }
  const unsubscribe = context.listener.subscribe((notice) => {
    if (notice?.kind === 'topics') void checkAlive(context, reader)
    else if (notice?.kind !== 'group') reader.notice(notice?.topics, notice?.appended)
  })
  if (context.closed.aborted || options.signal?.aborted) close()
  context.closed.addEventListener('abort', close, { once: true })
  options.signal?.addEventListener('abort', close, { once: true })
  const started = starting.then((cursors) => reader.add(cursors))
  started.catch((error: unknown) => reader.fail(toQiError(error)))
  return {
    async next() {
      try {
        await started.catch(() => {})
        const value = await reader.next()
        if (value) return { done: false, value }
        close()
        return { done: true, value: undefined }
      } catch (error) {
        close()
        throw error
      }
    },
    async return() {
      close()
      return { done: true, value: undefined }
    },
  }
}

/** Fails the reader if a topic that it reads was deleted, because it would otherwise wait for ever. */
async function checkAlive({ connections }: ReadContext, reader: ReadAhead): Promise<void> {
  const ids = reader.cursors.map((cursor) => cursor.partition.id)
  const { rows } = await connections
    .run((client) => client.query<{ n: string }>('select count(*) as n from qicore_stream.partitions where id = any($1)', [ids]))
    .catch(() => ({ rows: [] }))
  if (rows[0] && Number(rows[0].n) < ids.length) reader.fail(new QiError('NOT_FOUND', 'a topic that was read has been deleted'))
}
