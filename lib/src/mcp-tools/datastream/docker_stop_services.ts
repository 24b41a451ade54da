import { z } from 'zod'
import { defineTool } from '../../base/agent/index.ts'
import { table } from '../shared/text.ts'
import { DOCKER_TOOLS, removal, STATUS_COLUMNS, services, statuses } from './docker/tools.ts'

const TAKEN = {
  nothing: 'what is stored stays',
  containers: 'their containers and logs are removed, what is stored stays',
  data: 'their containers and ALL THAT IS STORED in their volumes are removed for good',
} as const

export const dockerStopServices = defineTool({
  name: 'docker_stop_services',
  title: 'Stop services',
  summary:
    'Stops the platform’s services in Docker; what works on them fails until they are started again. With remove also their containers, or all they have stored.',
  set: DOCKER_TOOLS,
  effect: 'destroy',
  input: z.object({ services, remove: removal }),
  output: statuses,
  question: ({ services: names, remove }) => `Stop ${names?.join(', ') ?? 'all services'} in Docker (${TAKEN[remove]})?`,
  async run({ services: names, remove }, { services: control, signal }) {
    return { items: await control.stop(names, { remove, signal }) }
  },
  text: ({ items }) => table(items, STATUS_COLUMNS, undefined, 'nothing was stopped'),
})
