import { document } from '../documented.ts'

/** A call that a generated client makes. */
export interface Call {
  readonly id: string
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly params: { readonly path?: Readonly<Record<string, string>>; readonly query?: Readonly<Record<string, unknown>> }
  readonly body?: unknown
  /** The status that is expected. */
  readonly status: number
  /** True if the answer is JSON. */
  readonly json: boolean
}

/** The result of a call as the client printed it. */
export interface Read {
  readonly id: string
  readonly status: number
  /** The body as it was received. */
  readonly raw: string
  /** The body as the client parsed it. */
  readonly parsed: unknown
}

/** The results that a client printed, one JSON object a line. */
export const readsIn = <R extends Read>(stdout: string): R[] =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as R)

/** Addresses that stream until the client leaves. */
const ENDLESS = ['/ws', '/api/v1/live']

/** Each operation that reads, with its required parameters. @param job id of a job */
export function readingCalls(job: string): Call[] {
  const values: Readonly<Record<string, string>> = { coin: 'bitcoin', id: job }
  return Object.entries(document.paths).flatMap(([path, { get }]) => {
    if (!get || ENDLESS.includes(path)) return []
    const { operationId, parameters = [], responses } = get as typeof get & { readonly operationId: string }
    const given = (place: 'path' | 'query') => {
      const required = parameters.filter((one) => one.required && one.in === place)
      const found = required.map(({ name }) => {
        if (values[name] === undefined) throw new Error(`${operationId} needs ${name}: give the clients' test a value for it`)
        return [name, values[name]]
      })
      return found.length > 0 && { [place]: Object.fromEntries(found) }
    }
    const json = 'application/json' in (responses['200']?.content ?? {})
    return [{ id: operationId, method: 'GET', path, params: { ...given('path'), ...given('query') }, status: 200, json }]
  })
}

/** Calls that are refused, and one that writes. */
export const otherCalls: readonly Call[] = [
  { id: 'candles', method: 'GET', path: '/api/v1/candles', params: { query: { coin: 'nothing' } }, status: 404, json: true },
  { id: 'latestPrices', method: 'GET', path: '/api/v1/prices/latest', params: { query: { limit: 0 } }, status: 400, json: true },
  { id: 'live', method: 'GET', path: '/ws', params: {}, status: 400, json: true },
  {
    id: 'callTool',
    method: 'POST',
    path: '/api/v1/tools/{name}',
    params: { path: { name: 'look' } },
    body: { thing: 'a shell' },
    status: 200,
    json: true,
  },
]
