import { notModified, versioned } from '../etag.ts'
import { json } from '../headers.ts'
import { formatHeaders } from '../history/format.ts'
import { defineRoute } from '../route.ts'

export const openapi = defineRoute({
  path: '/api/v1/openapi.json',
  tag: 'Service',
  name: 'openapi',
  summary: 'This description, as OpenAPI 3.1',
  headers: formatHeaders.pick({ 'if-none-match': true }),
  responses: {
    200: { description: 'the OpenAPI document' },
    304: { description: 'the client has this version', empty: true },
  },
  errors: ['BAD_REQUEST'],
  async answer({ openapi }, _query, asked) {
    const headers = versioned(openapi, 'openapi')
    return notModified(asked, headers) ?? json(openapi, 200, headers)
  },
})
