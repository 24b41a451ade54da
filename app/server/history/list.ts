import type { Page } from '../../../lib/src/base/database/index.ts'
import type { RecordType, RecordValues } from '../../../lib/src/base/types/index.ts'
import type { Asked } from '../route.ts'
import { linkTo, whole } from './answer.ts'
import { encodeRecords, pageWrap } from './encode.ts'
import type { Format } from './format.ts'

/** A page of a list in any format, with a header `Link` to the next page. @param fileName without its suffix */
export function listAnswer<R extends RecordValues>(
  asked: Asked<unknown>,
  format: Format,
  fileName: string,
  type: RecordType<R>,
  { items, next }: Page<R>,
): Promise<Response> {
  const general = type as unknown as RecordType
  const headers: Readonly<Record<string, string>> =
    next === undefined ? {} : { link: linkTo(asked.request, { after: next }, 'next') }
  return whole(asked, { format, fileName, headers, body: () => encodeRecords(format, general, items, pageWrap(next)) })
}
