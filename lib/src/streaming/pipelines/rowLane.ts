import type { EncodedBatch, RowSink } from '../../base/index.ts'
import type { LaneParts } from './lane.ts'
import { writeBatches } from './writeBatches.ts'

/** Writes what it takes and acknowledges it, until the intake has ended or the lane is no longer wanted. */
export async function rowLane(sink: RowSink, parts: LaneParts, wanted: () => boolean): Promise<void> {
  const { intake, subscription, commits } = parts
  let committed = Promise.resolve()
  for (let batches = await intake.take(wanted); batches; batches = await intake.take(wanted)) {
    await settle(sink, parts, batches)
    // At most one write of a lane is ahead of its commit, which bounds what a restart delivers again.
    await committed
    committed = commits.add(batches.filter((batch) => subscription.holds(batch)).map((batch) => batch.next))
    intake.done(batches)
    for (const batch of batches) batch.release()
  }
  await committed
}

/** Every record of the batches is written or a dead letter when this resolves. */
async function settle(sink: RowSink, parts: LaneParts, taken: readonly EncodedBatch[]): Promise<void> {
  const { pipeline, destination, attempts, lanes, signal, typeOf, addressed, settled } = parts
  const { topic } = taken[0] as EncodedBatch
  const type = typeOf(topic)
  const started = performance.now()
  const batches = taken.map(addressed)
  const done = await writeBatches(type, batches, {
    sink,
    delivery: { pipeline, destination },
    signal,
    attempt: (write) =>
      attempts.run(write, {
        ...{ target: `a write to ${destination}`, signal },
        onTrouble: () => lanes.trouble(topic),
        onRecovered: () => lanes.recovered(topic),
      }),
  })
  await settled({ type, batches, started, ...done })
}
