import { z } from 'zod'
import { toQiError } from '../../../lib/src/base/types/index.ts'
import { STORE } from '../../../lib/src/streaming/index.ts'
import { json } from '../headers.ts'
import { named } from '../openapi/named.ts'
import { defineRoute } from '../route.ts'
import type { ServedPlatform } from '../served.ts'
import type { HealthProbe } from './probe.ts'

const readySchema = named(
  'Readiness',
  z
    .object({
      ready: z.boolean(),
      waiting_for: z.array(z.string()).describe('the parts that are not up yet'),
    })
    .describe('Readiness to answer requests and store records'),
)

export const ready = defineRoute({
  path: '/ready',
  tag: 'Service',
  name: 'ready',
  summary: 'Readiness: 200 once store and stream are up and records are stored',
  open: true,
  responses: {
    200: { description: 'ready', schema: readySchema },
    503: { description: 'not yet, or not any more', schema: readySchema },
  },
  errors: ['BAD_REQUEST'],
  answer: async ({ platform, probe }) => {
    const waitingFor = await missing(platform, probe)
    const body: z.input<typeof readySchema> = { ready: waitingFor.length === 0, waiting_for: waitingFor }
    return json(JSON.stringify(body), body.ready ? 200 : 503)
  },
})

async function missing(platform: ServedPlatform, probe: HealthProbe): Promise<string[]> {
  const { parts } = await probe.ask()
  const down = parts.filter(({ status }) => status === 'down').map(({ name }) => name)
  try {
    const { state, consumers } = platform.getStatus()
    if (state !== 'running') down.push('platform')
    down.push(
      ...consumers
        .filter(({ destination, state }) => destination === STORE && state !== 'running')
        .map(({ name }) => `consumer ${name}`),
    )
  } catch (error) {
    // Not initialized yet, or closed.
    if (toQiError(error).code !== 'CLOSED') throw error
    down.push('platform')
  }
  return [...new Set(down)]
}
