import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type RowSink, silentLogger } from '../../lib/src/base/types/index.ts'
import { sinkSuite } from '../contracts/sinkSuite.ts'
import { ndjson } from '../support/doubles/ndjson.ts'
import { suiteFolder } from '../support/temporary.ts'

const folder = await suiteFolder('doubles')
const context = (name: string) => ({
  name,
  pipeline: name,
  logger: silentLogger,
  signal: new AbortController().signal,
  home: folder,
  store: noStore,
})
/** It does not use it. */
const noStore = undefined as never

let file = 0
sinkSuite('the NDJSON double', {
  open: async () => (await ndjson.open({ file: `${++file}.ndjson` }, context('ndjson'))) as RowSink,
  prices: async () => (await readFile(join(folder, `${file}.ndjson`), 'utf8')).split('\n').filter((line) => line !== ''),
})
