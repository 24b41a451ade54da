import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'

export interface Stub extends AsyncDisposable {
  readonly url: string
}

/** A server of HTTP on loopback that does with each request what it is told. */
export async function stubOf(answer: (request: IncomingMessage, response: ServerResponse) => unknown): Promise<Stub> {
  const server = createServer((request, response) => {
    Promise.resolve(answer(request, response)).catch((error: unknown) => response.destroy(error as Error))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

export const s3Error = (response: ServerResponse, status: number, code: string, message = 'so it is'): void => {
  response.writeHead(status, { 'content-type': 'application/xml' })
  response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`)
}

/**
 * As little of an S3 server as a destination needs, and one that does not keep to the condition of a put: it ignores it, or says that it
 * does not know it.
 */
export function careless(how: 'ignores' | 'does not know'): Promise<Stub> {
  const objects = new Map<string, { readonly bytes: Buffer; readonly headers: Record<string, string> }>()
  return stubOf(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://stub')
    const key = decodeURIComponent(pathname).replace(/^\/[^/]+\/?/, '')
    if (request.method === 'PUT') {
      const bytes = await buffer(request)
      if (how === 'does not know' && request.headers['if-none-match']) return s3Error(response, 501, 'NotImplemented')
      const headers = Object.entries(request.headers).filter(([name]) => name.startsWith('x-amz-meta-'))
      objects.set(key, { bytes, headers: Object.fromEntries(headers) as Record<string, string> })
      return response.writeHead(200, { etag: '"1"' }).end()
    }
    if (searchParams.has('uploads')) return response.end('<ListMultipartUploadsResult></ListMultipartUploadsResult>')
    if (key === '') {
      const found = [...objects.keys()].filter((one) => one.startsWith(searchParams.get('prefix') ?? '')).sort()
      const contents = found.map((one) => `<Contents><Key>${one}</Key></Contents>`)
      return response.end(`<ListBucketResult><IsTruncated>false</IsTruncated>${contents.join('')}</ListBucketResult>`)
    }
    const object = objects.get(key)
    if (!object) return s3Error(response, 404, 'NoSuchKey')
    response.writeHead(200, { ...object.headers, 'content-length': object.bytes.length })
    response.end(request.method === 'HEAD' ? undefined : object.bytes)
  })
}
