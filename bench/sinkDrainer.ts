import { fork } from 'node:child_process'
import { once } from 'node:events'
import { price as priceType, type SinkDefinition, silentLogger } from '../lib/src/base/types/index.ts'
import { sinkDefinitions } from '../lib/src/consumers/index.ts'
import { DeadLetters, DeliveryMember } from '../lib/src/streaming/index.ts'
import { LANES } from './consume.ts'
import { openEngines } from './engines.ts'
import { peakMegabytes } from './memory.ts'

/** A destination as the configuration names it. */
export interface DestinationSettings {
  readonly type: string
  readonly [setting: string]: unknown
}

export interface Drained {
  /** Work of the process, user and system, from joining a new group to the last record that was settled. */
  readonly cpuMs: number
  readonly ms: number
  /** The most that was resident of the process so far. */
  readonly megabytes: number
}

/** Drains the topic of prices into a destination, in a process that does nothing else. */
export interface SinkDrainer extends AsyncDisposable {
  drain(records: number, destination: DestinationSettings): Promise<Drained>
}

interface Order {
  readonly records: number
  readonly destination: DestinationSettings
}

/** @param folder where what is embedded keeps its data */
export function startSinkDrainer(folder: string): SinkDrainer {
  const child = fork(import.meta.filename, [folder], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const exited = once(child, 'exit') as Promise<[number | null]>
  const ended = exited.then(([code]): never => {
    throw new Error(`the process that drains ended with code ${code}`)
  })
  ended.catch(() => {}) // the caller that races it gets the error
  return {
    async drain(records, destination) {
      const answer = once(child, 'message') as Promise<[Drained]>
      child.send({ records, destination } satisfies Order)
      const [drained] = await Promise.race([answer, ended])
      return drained
    },
    async [Symbol.asyncDispose]() {
      if (child.connected) child.disconnect()
      await exited
    },
  }
}

if (process.argv[1] === import.meta.filename) {
  const home = process.argv[2] ?? ''
  // Before anything is awaited: the benchmark may fail, and disconnect, while this process starts.
  const over = once(process, 'disconnect')
  await using engines = await openEngines(home)
  const { store, stream } = engines
  let round = 0

  const drain = async ({ records, destination: { type, ...settings } }: Order): Promise<Drained> => {
    const definition = sinkDefinitions[type] as SinkDefinition
    const name = `bench-${type}`
    const config = definition.config.parse(settings)
    const consumer = new DeliveryMember({
      pipeline: name,
      destination: name,
      group: `${name}-${process.pid}-${round++}`,
      topics: [priceType.topic],
      stream,
      open: (signal) => definition.open(config, { name, pipeline: name, store, logger: silentLogger, home, signal } as never),
      deadLetters: new DeadLetters(stream),
      logger: silentLogger,
      settings: { lanes: LANES, refusal: 'retry' },
    })
    const [cpu, started] = [process.cpuUsage(), performance.now()]
    const stop = new AbortController()
    const running = consumer.run(stop.signal)
    const all = Promise.withResolvers<void>()
    const watch = setInterval(() => {
      const { written, overwritten } = consumer.stats()
      if (written + overwritten >= records) all.resolve()
    }, 5)
    await Promise.race([all.promise, running])
    clearInterval(watch)
    const { user, system } = process.cpuUsage(cpu)
    const ms = performance.now() - started
    stop.abort()
    await running
    return { cpuMs: (user + system) / 1000, ms, megabytes: peakMegabytes() }
  }

  process.on('message', async (order: Order) => {
    process.send?.(await drain(order))
  })
  await over
}
