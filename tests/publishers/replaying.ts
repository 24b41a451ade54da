import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Clock } from '../../lib/src/base/networking/index.ts'
import { type InteractionParser, type RecordBatch, silentLogger } from '../../lib/src/base/types/index.ts'
import { ReplaySource, replay } from '../../lib/src/publishers/sources/replay/index.ts'
import { VirtualClock } from '../support/virtualClock.ts'

/** A folder with these files, as long as the test lasts. */
export function folderOf(files: Readonly<Record<string, string | Buffer>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'qicore-replay-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return folder
}

export const sourceOf = (settings: Record<string, unknown>, parser?: InteractionParser, clock: Clock = new VirtualClock()) =>
  new ReplaySource({ config: replay.config.parse(settings), logger: silentLogger, clock, parser })

const flat = (batches: readonly RecordBatch[]) => ({
  batches,
  records: batches.flatMap(({ records }) => records),
  rejected: batches.flatMap(({ rejected = [] }) => rejected),
})

export async function collect(source: ReplaySource) {
  const batches: RecordBatch[] = []
  for await (const batch of source) batches.push(batch)
  return flat(batches)
}

/** The records before the failure, and the failure. */
export async function collectUntilFailure(source: ReplaySource) {
  const batches: RecordBatch[] = []
  try {
    for await (const batch of source) batches.push(batch)
  } catch (error) {
    return { ...flat(batches), error: error as Error }
  }
  throw new Error('it did not fail')
}
