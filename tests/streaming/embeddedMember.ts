// A member of a group in a process of its own: writes a line a batch, and commits two of three.
import { openEmbeddedStream } from '../../lib/src/streaming/embedded/index.ts'

const [url, group, topic] = process.argv.slice(2) as [string, string, string]
const stream = await openEmbeddedStream({ url })
const subscription = await stream.subscribe({ group, topics: [topic], maxBytes: 2000 })
console.log(JSON.stringify({ assigned: subscription.assignments().length }))
let batches = 0
for await (const batch of subscription) {
  const values = Array.from({ length: batch.length }, (_, i) => Buffer.from(batch.value(i)).toString())
  // Every third is left uncommitted, as a crash in the middle of the work would leave it.
  const commit = ++batches % 3 !== 0
  // Said before it is done: a kill may come in between.
  console.log(JSON.stringify({ values, commit, partition: batch.partition }))
  if (commit) await subscription.commit([batch.next])
}
