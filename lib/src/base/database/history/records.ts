import type { RecordType, RecordValues } from '../../types/index.ts'
import { ndjsonLines } from './forms.ts'
import type { RecordHistory } from './RecordHistory.ts'

const NEWLINE = 0x0a

/** The decoded records of a history, one at a time. */
export async function* recordsOf<R extends RecordValues>(history: RecordHistory, signal?: AbortSignal): AsyncGenerator<R> {
  const type = history.type as unknown as RecordType<R>
  for await (const { bytes } of history.pieces(ndjsonLines, signal))
    for (let from = 0; from < bytes.length; ) {
      const end = bytes.indexOf(NEWLINE, from)
      yield type.decode(bytes.subarray(from, end))
      from = end + 1
    }
}
