import {
  type HistoryInput,
  type HistoryKind,
  historyKinds,
  historyQueryOf,
  type StoredHistory,
} from '../../../lib/src/base/database/index.ts'
import { formatTime } from '../../../lib/src/base/types/index.ts'
import { pageOf } from '../api/schemas.ts'
import { notModified, versioned } from '../etag.ts'
import { pascal } from '../openapi/pascal.ts'
import { defineRoute, type Route } from '../route.ts'
import { type Answer, linkTo, stream, whole } from './answer.ts'
import { encodeBody, encodePage, linesOf, pageWrap } from './encode.ts'
import { type Format, formatHeaders, formatNames, formatOf, formatParameter, limitParameter, otherTypes, PAGE } from './format.ts'

/** A route for each kind of records with a history. */
export const history: readonly Route[] = [...historyKinds.values()].map(routeOf)

function routeOf(kind: HistoryKind): Route {
  const { name, type } = kind
  const query = historyQueryOf(kind).extend({ limit: limitParameter, format: formatParameter })
  const page = pageOf(type, `${pascal(type.name)}Page`, `A page of ${name}`)
  return defineRoute({
    path: `/api/v1/${name}`,
    suffixes: formatNames,
    tag: 'History',
    name: `${name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())}History`,
    summary: `${type.summary}: stored records of any time range, as JSON, NDJSON, CSV or Parquet`,
    description: `Ordered by series (coin, source, currency), oldest first in each; or with \`order=time\` all series together by time. The address takes a suffix (\`/api/v1/${name}.csv\`). A page has a header \`Link\` to the next page; an answer without a page limit is streamed, whatever its length. A past range (\`to\` lies in the past) has an \`ETag\`, which changes when a late record is stored in the range.`,
    query,
    headers: formatHeaders,
    responses: {
      200: { description: 'records', schema: page, more: otherTypes },
      304: { description: 'the client has this version', empty: true },
    },
    errors: ['BAD_REQUEST', 'NOT_FOUND', 'RATE_LIMITED', 'UNAVAILABLE', 'TIMEOUT'],
    async answer(served, given, asked) {
      const { limit, format: parameter, ...rest } = given as HistoryInput & { limit?: number | 'all'; format?: never }
      const format = formatOf({ suffix: asked.suffix, parameter, accept: asked.header('accept') })
      const stored = await served.platform.store.reads.dsl.openHistory(name, rest)
      const { version, closed } = await stored.version()
      const headers = closed && rest.to !== undefined ? versioned(version, { name, format, limit, ...rest }) : {}
      const known = notModified(asked, headers)
      if (known) return known
      const answer: Answer = { format, fileName: name, headers, body: (signal) => allOf(stored, format, signal) }
      const most = limit ?? (format === 'json' ? PAGE : 'all')
      if (most === 'all') return stream(served, asked, answer)
      const found = await stored.page(linesOf(format), most, asked.request.signal)
      const times = Object.fromEntries(
        (['from', 'to'] as const).flatMap((end) => (rest[end] === undefined ? [] : [[end, formatTime(rest[end] as number)]])),
      )
      return whole(asked, {
        ...answer,
        headers: {
          ...headers,
          ...(found.next !== undefined && { link: linkTo(asked.request, { ...times, after: found.next }, 'next') }),
        },
        body: () => encodePage(format, type, found.bytes, pageWrap(found.next)),
      })
    },
  })
}

const allOf = (stored: StoredHistory, format: Format, signal: AbortSignal): AsyncGenerator<Uint8Array> =>
  encodeBody(format, stored.kind.type, stored.pieces(linesOf(format), signal))
