import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll } from 'vitest'
import { type RowSink, type SegmentSink, silentLogger } from '../../lib/src/base/index.ts'
import { segmentSuite } from '../contracts/segmentSuite.ts'
import { sinkSuite } from '../contracts/sinkSuite.ts'
import { ndjson } from '../support/doubles/ndjson.ts'
import { recordsIn, segments } from '../support/doubles/segments.ts'
import { suiteFolder } from '../support/temporary.ts'

const folder = await suiteFolder('doubles')
const context = (name: string) => ({
  name,
  logger: silentLogger,
  signal: new AbortController().signal,
  home: folder,
  store: noStore,
})
/** Neither of them uses it. */
const noStore = undefined as never

let file = 0
sinkSuite('the NDJSON double', {
  open: async () => (await ndjson.open({ file: `${++file}.ndjson` }, context('ndjson'))) as RowSink,
  prices: async () => (await readFile(join(folder, `${file}.ndjson`), 'utf8')).split('\n').filter((line) => line !== ''),
})

const root = join(folder, 'segments')
beforeAll(() => mkdir(root, { recursive: true }))
segmentSuite('the segment double', {
  open: async () => (await segments.open({ folder: root, rows: 1000, age_ms: 60_000 }, context('segments'))) as SegmentSink,
  prices: async () => (await recordsIn(root)).map(({ price }) => String(price)),
  empty: async () => {
    await rm(root, { recursive: true, force: true })
    await mkdir(root)
  },
})
