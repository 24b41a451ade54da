import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { errorMessage, escapeHidden, QiError, type ReplayInput, type ReplayResult } from '../../../lib/src/base/types/index.ts'
import { DeadLetters, parseDeadLetters } from '../../../lib/src/streaming/index.ts'
import { audited } from '../audited.ts'
import { withStream } from '../engines.ts'
import { EXIT } from '../exitCodes.ts'
import type { Session } from '../session.ts'
import { catalogueFor } from '../topics.ts'

export interface DlqReplayInput {
  readonly id?: readonly string[]
  readonly from?: string
}

export async function run(session: Session, input: DlqReplayInput): Promise<number> {
  const replay = await read(input)
  const loaded = await session.load()
  const named = 'ids' in replay ? replay.ids : replay.entries.map(({ id, topic }) => id ?? topic)
  const result = await withStream(session, loaded, async (stream, findTopics, withStore) => {
    const catalogue = await catalogueFor(topicsOf(replay), findTopics)
    return withStore((store) =>
      audited(
        store,
        'dlq replay',
        { ids: named, ...(input.from !== undefined && { from: input.from }) },
        () => new DeadLetters(stream, catalogue).replay(replay, { signal: session.signal }),
        ({ replayed, refused }) => (replayed === 0 ? refused[0]?.error : undefined),
      ),
    )
  })
  await report(session, replay, result)
  return result.refused.length ? EXIT.failed : EXIT.ok
}

/** The topics of the letters. */
const topicsOf = (input: ReplayInput): readonly string[] =>
  'ids' in input ? input.ids.map((id) => id.replace(/\.dlq\/.*$/, '')) : input.entries.map(({ topic }) => topic)

async function read({ id = [], from }: DlqReplayInput): Promise<ReplayInput> {
  if (id.length && from !== undefined) throw new QiError('BAD_REQUEST', '--id does not go with --from: leave one of them out')
  if (from === undefined) {
    if (id.length === 0) throw new QiError('BAD_REQUEST', 'dead letters are missing: name them with --id, or a file with --from')
    return { ids: id }
  }
  const content = await (from === '-' ? text(process.stdin) : readFile(from, 'utf8')).catch((error: unknown) => {
    throw new QiError('BAD_REQUEST', `--from ${from} cannot be read: ${errorMessage(error)}`, { cause: error, field: 'from' })
  })
  try {
    return { entries: parseDeadLetters(content) }
  } catch (error) {
    throw new QiError('BAD_REQUEST', `${from === '-' ? 'stdin' : from}: ${errorMessage(error)}`, { cause: error, field: 'from' })
  }
}

async function report({ json, out }: Session, input: ReplayInput, { replayed, refused }: ReplayResult): Promise<void> {
  const ids = 'ids' in input ? input.ids : input.entries.map(({ id }) => id)
  const reasons = new Map(refused.map(({ index, error }) => [index, error]))
  if (json)
    return out.json({
      replayed,
      refused: refused.length,
      entries: ids.map((id, index) => ({
        index,
        ...(id && { id }),
        replayed: !reasons.has(index),
        ...(reasons.has(index) && { error: reasons.get(index) }),
      })),
    })
  for (const [index, id] of ids.entries()) {
    const error = reasons.get(index)
    const name = escapeHidden(id ?? `entry ${index + 1}`)
    await out.line(
      error
        ? `${out.style('red', '✖')} ${name}  refused: ${escapeHidden(error.message)}`
        : `${out.style('green', '✔')} ${name}  replayed`,
    )
  }
  await out.line(`${replayed} replayed, ${refused.length} refused`)
}
