import { jsonHeaders } from '../headers.ts'
import { defineRoute } from '../route.ts'

export const metricsRoute = defineRoute({
  path: '/metrics',
  tag: 'Service',
  name: 'metrics',
  summary: 'Metrics of the process, HTTP, records in and out, lag, dead letters, restarts and WebSocket clients, for Prometheus',
  responses: { 200: { description: 'metrics in the text format of Prometheus', type: 'text/plain' } },
  errors: ['BAD_REQUEST'],
  answer: async ({ metrics }) =>
    new Response(await metrics.text(), { headers: { ...jsonHeaders, 'content-type': metrics.contentType } }),
})
