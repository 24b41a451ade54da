import { z } from 'zod'
import { defineTool } from '../../base/agent/index.ts'
import { table } from '../shared/text.ts'
import { DOCKER_TOOLS, STATUS_COLUMNS, services, statuses } from './docker/tools.ts'

export const dockerServiceStatus = defineTool({
  name: 'docker_service_status',
  title: 'Services in Docker',
  summary:
    'Which of the platform’s services have containers, and how these are: state, health, image, ports, since when, exit code, restarts. absent: docker_start_services makes one.',
  set: DOCKER_TOOLS,
  effect: 'read',
  input: z.object({ services }),
  output: statuses,
  async run({ services: names }, { services: control, signal }) {
    return { items: await control.status(names, signal) }
  },
  facts: () => ({}),
  text: ({ items }) => table(items, STATUS_COLUMNS, undefined, 'there are no services'),
})
