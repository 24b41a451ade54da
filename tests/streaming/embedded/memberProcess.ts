// A group member in its own process: prints a line per batch, and commits two of three batches.
import { openEmbeddedStream } from '../../../lib/src/streaming/embedded/index.ts'

const [url, group, topic] = process.argv.slice(2) as [string, string, string]
const stream = await openEmbeddedStream({ url })
const subscription = await stream.subscribe({ group, topics: [topic], maxBytes: 2000 })
console.log(JSON.stringify({ assigned: subscription.assignments().length }))
let batches = 0
for await (const batch of subscription) {
  const values = Array.from({ length: batch.length }, (_, i) => Buffer.from(batch.value(i)).toString())
  // Leaves every third batch uncommitted, like a crash in the middle of the work.
  const commit = ++batches % 3 !== 0
  // Prints before it commits, because a kill may come in between.
  console.log(JSON.stringify({ values, commit, partition: batch.partition }))
  if (commit) await subscription.commit([batch.next])
}
