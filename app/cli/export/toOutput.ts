import { once } from 'node:events'
import type { ReadStore } from '../../../lib/src/base/database/index.ts'
import { type ExportFormat, parquetBytes } from '../../../lib/src/base/segments/index.ts'
import { csvHeader } from '../../../lib/src/base/types/index.ts'
import type { Session } from '../session.ts'
import { AHEAD, type ExportKind } from './kinds.ts'

/** Writes an export to stdout, as fast as it is read. */
export async function exportToOutput(
  session: Session,
  store: ReadStore,
  kind: ExportKind,
  format: ExportFormat,
): Promise<undefined> {
  const { stream } = session.out
  const history = await kind.open(store.dsl, kind.range)
  const pieces = history.pieces(kind.lines(format), session.signal, AHEAD)
  for await (const bytes of bytesOf()) {
    session.signal.throwIfAborted()
    if (!stream.write(bytes)) await Promise.race([once(stream, 'drain'), once(stream, 'close')])
  }

  async function* bytesOf(): AsyncGenerator<Uint8Array> {
    if (format === 'parquet') return yield* parquetBytes(kind.type, lines())
    if (format === 'csv') yield Buffer.from(csvHeader(kind.type))
    yield* lines()
  }

  async function* lines(): AsyncGenerator<Buffer> {
    for await (const { bytes } of pieces) yield bytes
  }
}
