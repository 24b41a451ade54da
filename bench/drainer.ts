import { fork } from 'node:child_process'
import { once } from 'node:events'
import { startConsumer } from './consume.ts'
import { openEngines } from './engines.ts'
import { peakMegabytes } from './memory.ts'

/** Drains the topic of prices in a process that does nothing else, with the flags of this one: `npm run bench` gives those of `qicore up`. */
export interface Drainer extends AsyncDisposable {
  /** @returns milliseconds from joining a new group to the last row stored; leaving the group is not counted */
  drain(records: number): Promise<number>
  /** The most that was resident of the process so far, in MB. */
  readonly megabytes: number
}

interface Drained {
  readonly ms: number
  readonly megabytes: number
}

/** @param folder where what is embedded keeps its data */
export async function startDrainer(folder: string): Promise<Drainer> {
  const child = fork(import.meta.filename, [folder], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const exited = once(child, 'exit') as Promise<[number | null]>
  const ended = exited.then(([code]): never => {
    throw new Error(`the process that drains ended with code ${code}`)
  })
  ended.catch(() => {}) // the caller that races it gets the error
  let megabytes = 0
  return {
    async drain(records) {
      const answer = once(child, 'message') as Promise<[Drained]>
      child.send(records)
      const [drained] = await Promise.race([answer, ended])
      megabytes = drained.megabytes
      return drained.ms
    },
    get megabytes() {
      return megabytes
    },
    async [Symbol.asyncDispose]() {
      if (child.connected) child.disconnect()
      await exited
    },
  }
}

if (process.argv[1] === import.meta.filename) {
  await using engines = await openEngines(process.argv[2] ?? '')
  const over = once(process, 'disconnect')
  let round = 0
  process.on('message', async (records: number) => {
    const started = performance.now()
    const consumer = await startConsumer(engines.store, engines.stream, `bench-${process.pid}-${round++}`)
    await consumer.stored(records)
    const ms = performance.now() - started
    await consumer.stop()
    process.send?.({ ms, megabytes: peakMegabytes() } satisfies Drained)
  })
  await over
}
