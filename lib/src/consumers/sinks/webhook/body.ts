import type { RecordType } from '../../../base/types/index.ts'
import { type Entry, idOf } from '../shared/http/entries.ts'

/** The body of a request, `{"type":"price","records":[{"id":"…","record":{…}}]}`, with the bytes of each record as they were streamed. */
export function bodyOf({ name }: Pick<RecordType, 'name'>, entries: readonly Entry[]): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = []
  let between = `{"type":${JSON.stringify(name)},"records":[`
  for (const entry of entries) {
    parts.push(Buffer.from(`${between}{"id":${JSON.stringify(idOf(entry))},"record":`), entry.value)
    between = '},'
  }
  parts.push(Buffer.from(entries.length > 0 ? '}]}' : `${between}]}`))
  return Buffer.concat(parts)
}
