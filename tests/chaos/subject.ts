import { setTimeout } from 'node:timers/promises'
import { type PlatformProcess, startPlatform } from '../support/platformProcess.ts'
import { until } from '../support/until.ts'
import { type Engines, project, type Way } from './engines.ts'
import { startProcess, type TestProcess } from './process.ts'

/** The limits of its writes: small, so that a load makes many writes. */
export const LIMITS = { lanes: 2, maxRecords: 2_000, maxBytes: 512 * 1024 }

export const CONFIG = `sources: { run: [] }
destinations:
  timescaledb: { lanes: ${LIMITS.lanes}, batch: { max_records: ${LIMITS.maxRecords}, max_bytes: ${LIMITS.maxBytes} } }
`

/** `table` is the whole platform with its store, `appended` a consumer with a sink that does not know a record again. */
export const SINKS = ['table', 'appended'] as const
export type SinkName = (typeof SINKS)[number]

type Running = Pick<PlatformProcess, 'kill9' | 'stop' | 'output'> & Partial<Pick<TestProcess, 'report'>>

/** The process under test, which is killed and started again. */
export interface Restartable extends AsyncDisposable {
  killAndStart(way: Way, afterMs: number): Promise<void>
  /** SIGTERM, and the exit code. */
  stop(): Promise<number | null>
  /** What all of its lives printed. */
  output(): string
}

export async function startSubject(engines: Engines, sink: SinkName): Promise<Restartable> {
  const folder = await project(engines.folder, 'subject', CONFIG)
  const earlier: string[] = []
  const start = async (way: Way): Promise<Running> => {
    const environment = engines.environment(way)
    if (sink === 'appended') return startProcess('consumerProcess.ts', { sink }, folder, environment)
    // Who finds an engine away when it comes is started again, as any service is.
    for (let attempt = 1; ; attempt++)
      try {
        return await startPlatform(folder, environment)
      } catch (error) {
        earlier.push(String(error))
        if (attempt === 10) throw error
      }
  }
  let running = await start('network')
  return {
    killAndStart: async (way, afterMs) => {
      await running.kill9()
      earlier.push(running.output())
      await setTimeout(afterMs)
      running = await start(way)
    },
    stop: async () => {
      // A process that was started a moment ago does not listen to SIGTERM before it runs.
      if (running.report) await until(async () => running.report?.() !== undefined, 'the process under test to run')
      return running.stop()
    },
    output: () => [...earlier, running.output()].join('\n--\n'),
    [Symbol.asyncDispose]: () => running.kill9(),
  }
}
