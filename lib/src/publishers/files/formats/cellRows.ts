import { type RecordType, toQiError } from '../../../base/types/index.ts'
import { Batches, type Gathered } from '../rows/batches.ts'
import type { CellParser } from '../rows/cells.ts'
import { rejection } from '../rows/readRows.ts'

const BATCH = 1000

/** The records of rows of cells, in batches. A row that is no record is a rejection with file and row. */
export async function* cellRows(
  label: string,
  type: RecordType,
  rows: AsyncIterable<readonly string[]>,
  parse: CellParser,
  from: number,
): AsyncGenerator<Gathered> {
  const batches = new Batches()
  let row = from
  for await (const cells of rows) {
    try {
      batches.add(parse(cells, row).batches, row)
    } catch (thrown) {
      const error = toQiError(thrown)
      if (error.code !== 'BAD_DATA') throw error
      batches.add([rejection(type, `${label}:${row}: ${error.message.replace(`${type.name}: `, '')}`, cells.join(','))], row)
    }
    row++
    if (batches.size >= BATCH) yield* batches.drain()
  }
  yield* batches.drain()
}
