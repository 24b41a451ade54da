import { setTimeout } from 'node:timers/promises'
import { type PlatformProcess, startPlatform } from '../support/platformProcess.ts'
import { until } from '../support/until.ts'
import { type Engines, project, type Way } from './engines.ts'
import { LAKES, type Lake } from './lake.ts'
import { SESSION_MS } from './plan.ts'
import { startProcess, type TestProcess } from './process.ts'

/** The limits of its writes: small, so that a load makes many writes. */
export const LIMITS = { lanes: 2, maxRecords: 2_000, maxBytes: 512 * 1024 }

export const CONFIG = `sources: { run: [] }
destinations:
  timescaledb: { lanes: ${LIMITS.lanes}, batch: { max_records: ${LIMITS.maxRecords}, max_bytes: ${LIMITS.maxBytes} } }
`

const lakeConfig = ({ settings }: Lake): string => `sources: { run: [] }
redpanda: { session_timeout_ms: ${SESSION_MS} }
destinations:
  lake: { ${settings}, lanes: ${LIMITS.lanes}, max_lag: none }
`

/**
 * `table` is the whole platform with its store, `appended` a consumer with a sink that does not know a record again; the others are a
 * consumer that fills a lake.
 */
export const SINKS = ['table', 'appended', ...LAKES] as const
export type SinkName = (typeof SINKS)[number]

type Running = Pick<PlatformProcess, 'kill9' | 'stop' | 'output'> & Partial<Pick<TestProcess, 'report' | 'pid'>>

/** The process under test, which is killed and started again. */
export interface Restartable extends AsyncDisposable {
  killAndStart(way: Way, afterMs: number): Promise<void>
  /**
   * Stops it (SIGSTOP) while another takes its place; then it goes on as a zombie beside that, and is killed.
   * @param cut breaks the connections of the process that stands still
   */
  replace(times: { readonly forMs: number; readonly togetherMs: number }, cut: () => void): Promise<void>
  /** SIGTERM, and the exit code. */
  stop(): Promise<number | null>
  /** Output of all of its lives. */
  output(): string
}

/** @param lake of a sink that fills one */
export async function startSubject(engines: Engines, sink: SinkName, lake?: Lake): Promise<Restartable> {
  const folder = await project(engines.folder, 'subject', lake ? lakeConfig(lake) : CONFIG)
  const earlier: string[] = []
  const start = async (way: Way): Promise<Running> => {
    const environment = engines.environment(way)
    if (sink !== 'table') return startProcess('consumerProcess.ts', { sink }, folder, environment)
    // A process that finds no engine at its start is started again, as any service is.
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
    replace: async ({ forMs, togetherMs }, cut) => {
      const zombie = running
      if (zombie.pid === undefined) throw new Error(`${sink} is not stopped and replaced`)
      process.kill(zombie.pid, 'SIGSTOP')
      cut()
      running = await start('network')
      await setTimeout(forMs)
      process.kill(zombie.pid, 'SIGCONT')
      await setTimeout(togetherMs)
      await zombie.kill9()
      earlier.push(zombie.output())
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
