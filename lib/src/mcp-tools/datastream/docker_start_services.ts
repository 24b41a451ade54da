import { z } from 'zod'
import { defineTool } from '../../base/agent/index.ts'
import { table } from '../shared/text.ts'
import { DOCKER_TOOLS, STATUS_COLUMNS, services, statuses } from './docker/tools.ts'

export const dockerStartServices = defineTool({
  name: 'docker_start_services',
  title: 'Start services',
  summary:
    'Starts the platform’s services in Docker (Redpanda, TimescaleDB, ClickHouse, Redis, Redpanda Console) and waits until their health checks pass. What runs already stays as it is. The first time images are fetched, which takes minutes.',
  set: DOCKER_TOOLS,
  effect: 'write',
  long: true,
  input: z.object({
    services,
    wait_seconds: z
      .int()
      .min(1)
      .max(1800)
      .default(180)
      .describe('how long to wait until they are healthy, once they are started'),
  }),
  output: statuses,
  async run({ services: names, wait_seconds: waitSeconds }, { services: control, signal, progress }) {
    return { items: await control.start(names, { waitSeconds, signal, onProgress: progress }) }
  },
  text: ({ items }) => table(items, STATUS_COLUMNS, undefined, 'nothing was started'),
})
