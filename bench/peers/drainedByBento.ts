import { price as priceType } from '../../lib/src/base/types/index.ts'
import { LANES } from '../consume.ts'
import { BENTO, startBenthos } from './benthos.ts'
import { drainSettings } from './benthosSettings.ts'
import { drainedBy } from './drainedBy.ts'

/** A target that Bento drains the topic into. */
export interface BentoTarget {
  readonly output: Readonly<Record<string, unknown>>
  /** Joins the records of a batch, where the output takes several at once. */
  readonly processors?: readonly object[]
  /** Records that the target holds so far; for a cache, those that it has had. */
  held(): Promise<number>
}

/** Drains the topic into a target by Bento. @returns the work of its process in milliseconds of CPU, for `records` of them */
export async function drainByBento(of: {
  readonly binary: string
  readonly brokers: readonly string[]
  readonly folder: string
  readonly group: string
  readonly records: number
  readonly target: BentoTarget
}): Promise<number> {
  const { binary, brokers, folder, group, records, target } = of
  const settings = drainSettings({ input: BENTO.input({ brokers, topic: priceType.topic, group }), threads: LANES, ...target })
  const run = await startBenthos(BENTO, binary, folder, settings)
  try {
    return await drainedBy({ ...BENTO, ...run }, records, () => target.held())
  } finally {
    await run.stop()
  }
}
