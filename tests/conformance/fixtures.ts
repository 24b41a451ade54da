import { McpServer } from '@modelcontextprotocol/server'
import { addAskingTools, stateCodec } from './asking.ts'
import { addPrompts, addResources } from './resources.ts'
import { addTools } from './tools.ts'

/** What the conformance suite expects a server to have; it goes where our own tools are otherwise. */
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
