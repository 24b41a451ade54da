import { json } from '../headers.ts'
import { defineRoute } from '../route.ts'
import { healthSchema, healthWire } from './schema.ts'

export const health = defineRoute({
  path: '/health',
  name: 'health',
  summary: 'How the platform is: which part is unwell, since when, why, and what is being done',
  open: true,
  responses: {
    200: { description: 'it works, perhaps with parts that are unwell', schema: healthSchema },
    503: { description: 'the store or the stream is down', schema: healthSchema },
  },
  errors: ['BAD_REQUEST'],
  answer: async ({ probe }, _query, { caller }) => {
    const found = await probe.ask()
    return json(JSON.stringify(healthWire(found, caller !== undefined)), found.status === 'down' ? 503 : 200)
  },
})
