import type { z } from 'zod'
import { defineWorkflow } from '../../../../base/agent/index.ts'
import { type PlatformService, SERVICE_NAMES, toQiError } from '../../../../base/types/index.ts'
import { table } from '../../../shared/text.ts'
import { STATUS_COLUMNS } from '../../docker/tools.ts'
import type { DockerMCPWrapper } from './DockerMCPWrapper.ts'
import { downInput, downReport, logsInput, logsReport, upInput, upReport, watchInput, watchReport } from './shapes.ts'

type Verbs = DockerMCPWrapper['verbs']

/** Images may have to be fetched first, and be healthy after. */
const START_MS = 45 * 60_000

export const upWorkflow = (
  start: (request: z.output<typeof upInput>, signal: AbortSignal) => Promise<z.input<typeof upReport>>,
) =>
  defineWorkflow({
    name: 'docker-services-up',
    summary: 'Starts the platform’s services, waits until they are healthy, and tells what they use',
    input: upInput,
    output: upReport,
    steps: (flow) => flow.step('start', (request, { signal }) => start(request, signal), { timeoutMs: START_MS }),
  })

export const watchWorkflow = (watched: (limit: number, signal: AbortSignal) => Promise<z.input<typeof watchReport>>) =>
  defineWorkflow({
    name: 'docker-services-watch',
    summary: 'Tells how the services are, and which died, why and what was done',
    input: watchInput,
    output: watchReport,
    steps: (flow) => flow.step('look', ({ limit }, { signal }) => watched(limit, signal)),
  })

export const downWorkflow = (dsl: Verbs) =>
  defineWorkflow({
    name: 'docker-services-down',
    summary: 'Stops the platform’s services; a human agrees before what they have stored is removed',
    input: downInput,
    output: downReport,
    steps: (flow) =>
      flow
        .branch(
          'agree',
          ({ remove }) => (remove === 'data' ? 'ask' : 'go'),
          (at) => ({
            go: at,
            ask: at.approval('removal', () => 'Stop all services and remove ALL THAT IS STORED in their volumes for good?'),
          }),
        )
        .step('stop', async (request, { signal }) => {
          const { items } = await dsl.stop(request, { signal })
          return { services: items, text: table(items, STATUS_COLUMNS, undefined, 'nothing was stopped') }
        }),
  })

export const logsWorkflow = (dsl: Verbs) => {
  const read = async (service: PlatformService, { lines, contains }: z.output<typeof logsInput>, signal: AbortSignal) => {
    try {
      const { items } = await dsl.logs({ service, lines, ...(contains !== undefined && { contains }) }, { signal })
      return { service, lines: items.map(({ time, line }) => `${time} ${line}`) }
    } catch (thrown) {
      const error = toQiError(thrown)
      if (error.code !== 'NOT_FOUND') throw error
      return { service, lines: [], missing: error.message }
    }
  }
  return defineWorkflow({
    name: 'docker-services-logs',
    summary: 'The newest lines that the services wrote, of each',
    input: logsInput,
    output: logsReport,
    steps: (flow) =>
      flow.step('read', async (request, { signal }) => {
        const names = request.services ?? SERVICE_NAMES
        const items = await Promise.all(names.map((service) => read(service, request, signal)))
        const text = items.map(({ service, lines, missing }) => [`${service}:`, ...(missing ? [missing] : lines)].join('\n  '))
        return { items, text: text.join('\n') }
      }),
  })
}
