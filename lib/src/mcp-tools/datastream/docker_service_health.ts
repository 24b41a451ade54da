import { z } from 'zod'
import { defineTool } from '../../base/agent/index.ts'
import { table } from '../shared/text.ts'
import { DOCKER_TOOLS, healthReports, services } from './docker/tools.ts'

export const dockerServiceHealth = defineTool({
  name: 'docker_service_health',
  title: 'Health of services',
  summary:
    'Health checks of the platform’s services in Docker: healthy or not, checks failed in a row, and the output of the last one. For the cause read docker_service_logs.',
  set: DOCKER_TOOLS,
  effect: 'read',
  input: z.object({ services }),
  output: healthReports,
  async run({ services: names }, { services: control, signal }) {
    const items = [...(await control.health(names, signal))]
    return { healthy: items.filter(({ health }) => health === 'healthy').length, total: items.length, items }
  },
  facts: () => ({}),
  text: ({ healthy, total, items }) =>
    `${healthy} of ${total} healthy\n${table(items, ['service', 'state', 'health', 'failing_streak'], undefined, '')}`,
})
