import type { EncodedBatch, RowSink } from '../../../base/types/index.ts'
import type { LaneParts } from './lane.ts'
import { writeBatches } from './writeBatches.ts'

/**
 * Takes, writes and acknowledges, until the intake has finished or the lane is no longer wanted. A lane goes round:
 *
 * | state | entered | left |
 * |---|---|---|
 * | taking | at the start; after acknowledging | a take: writing · nothing more: the last commit is awaited, then it ends |
 * | writing | a take | every record is written or a durable dead letter: acknowledging |
 * | acknowledging | a write has settled | the commit *before* is done and this one begun: taking. So at most one write of a lane is ahead of its commit, which bounds how much is delivered again after a crash |
 */
export async function runRowLane(sink: RowSink, parts: LaneParts, wanted: () => boolean): Promise<void> {
  const { intake, subscription, commits } = parts
  let committed = Promise.resolve()
  for (let batches = await intake.take(wanted); batches; batches = await intake.take(wanted)) {
    await write(sink, parts, batches)
    await committed
    committed = commits.add(batches.filter((batch) => subscription.holds(batch)).map((batch) => batch.next))
    intake.done(batches)
    for (const batch of batches) batch.release()
  }
  await committed
}

/** Resolves when every record is written or a durable dead letter. */
async function write(sink: RowSink, parts: LaneParts, taken: readonly EncodedBatch[]): Promise<void> {
  const { pipeline, destination, attempts, pool, signal, typeOf, addressed, settled } = parts
  const { topic } = taken[0] as EncodedBatch
  const type = typeOf(topic)
  const started = performance.now()
  const batches = taken.map(addressed)
  const done = await writeBatches(type, batches, {
    sink,
    delivery: { pipeline, destination },
    signal,
    attempt: (operation) =>
      attempts.run(operation, {
        ...{ target: `a write to ${destination}`, signal },
        onTrouble: () => pool.trouble(topic),
        onRecovered: () => pool.recovered(topic),
      }),
  })
  await settled({ type, batches, started, ...done })
}
