import { McpServer } from '@modelcontextprotocol/server'
import { addAskingTools, stateCodec } from './asking.ts'
import { addPrompts, addResources } from './resources.ts'
import { addTools } from './tools.ts'

/** Tools, resources and prompts that the conformance suite expects of a server, in place of our own. */
export function conformanceServer(): McpServer {
  const server = new McpServer(
    { name: 'qicore-conformance', version: '1.0.0' },
    {
      capabilities: { logging: {}, completions: {}, resources: { subscribe: true }, tools: {}, prompts: {} },
      requestState: { verify: stateCodec.verify },
    },
  )
  addTools(server)
  addResources(server)
  addPrompts(server)
  addAskingTools(server)
  return server
}
