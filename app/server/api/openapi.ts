import { json } from '../headers.ts'
import { defineRoute } from '../route.ts'

export const openapi = defineRoute({
  path: '/api/v1/openapi.json',
  name: 'openapi',
  summary: 'This description, as OpenAPI 3.1',
  responses: { 200: { description: 'the OpenAPI document' } },
  errors: ['BAD_REQUEST'],
  answer: async ({ openapi }) => json(openapi),
})
