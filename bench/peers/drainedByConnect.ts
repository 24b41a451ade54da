import { price as priceType } from '../../lib/src/base/types/index.ts'
import { fileSettings } from './connectSettings.ts'
import { drainedBy } from './drainedBy.ts'
import type { ConnectWorker } from './kafkaConnect.ts'

/** A file of lines that Kafka Connect drains the topic into. */
export interface ConnectTarget {
  readonly path: string
  /** Records that it holds so far. */
  held(): Promise<number>
}

/** Drains the topic by Kafka's own file sink. @returns the work of the worker in milliseconds of CPU, for `records` of them */
export async function drainByConnect(
  worker: ConnectWorker,
  name: string,
  records: number,
  target: ConnectTarget,
): Promise<number> {
  const run = await worker.start(name, fileSettings({ topic: priceType.topic, path: target.path }))
  try {
    return await drainedBy({ name: 'Kafka Connect', pid: worker.pid, ...run }, records, () => target.held())
  } finally {
    await run.stop()
  }
}
