import { z } from 'zod'
import { json, wantsPage } from '../headers.ts'
import { defineRoute } from '../route.ts'
import { healthSchema, healthWire } from './schema.ts'

export const health = defineRoute({
  path: '/health',
  tag: 'Service',
  name: 'health',
  summary: 'Health of the platform: the status of each part, since when, because of what, and the next step',
  description: 'A browser that accepts text/html gets a page.',
  headers: z.object({ accept: z.string().optional().describe('text/html gives a page') }),
  open: true,
  responses: {
    200: { description: 'up or degraded', schema: healthSchema, more: ['text/html'] },
    503: { description: 'the store or the stream is down', schema: healthSchema, more: ['text/html'] },
  },
  errors: ['BAD_REQUEST'],
  answer: async ({ probe, pages }, _query, { caller, header }) => {
    const found = await probe.ask()
    const status = found.status === 'down' ? 503 : 200
    if (wantsPage(header('accept'))) return pages.health(status)
    return json(JSON.stringify(healthWire(found, caller !== undefined)), status, { vary: 'accept' })
  },
})
