import { z } from 'zod'
import { defineTool } from '../../base/agent/index.ts'
import { SERVICE_NAMES } from '../../base/types/index.ts'
import { table } from '../shared/text.ts'
import { DOCKER_TOOLS, services, stats } from './docker/tools.ts'

export const dockerServiceStats = defineTool({
  name: 'docker_service_stats',
  title: 'Use of resources',
  summary:
    'What each running service in Docker uses now: processor over the last second, memory and its limit, network, disk, processes.',
  set: DOCKER_TOOLS,
  effect: 'read',
  input: z.object({ services }),
  output: stats,
  async run({ services: names }, { services: control, signal }) {
    const items = [...(await control.stats(names, signal))]
    const running = items.map(({ service }) => service)
    return { items, not_running: (names ?? SERVICE_NAMES).filter((name) => !running.includes(name)) }
  },
  facts: ({ not_running }) => ({ missing: [not_running.length > 0 && `do not run: ${not_running.join(', ')}`] }),
  text: ({ items }) => table(items, ['service', 'cpu_percent', 'memory_bytes', 'processes'], undefined, 'no service runs'),
})
