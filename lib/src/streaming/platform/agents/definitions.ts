import type { AgentDefinition } from '../../../base/agent/index.ts'
import { consumerAgents } from '../../../consumers/index.ts'
import { datastreamAgents } from '../../../mcp-tools/index.ts'
import { publisherAgents } from '../../../publishers/index.ts'
import { platformAgents } from './index.gen.ts'

/** Every agent of every area, by name. */
export const agentDefinitions: Readonly<Record<string, AgentDefinition>> = {
  ...publisherAgents,
  ...consumerAgents,
  ...datastreamAgents,
  ...platformAgents,
}
