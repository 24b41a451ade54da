import { setTimeout as sleep } from 'node:timers/promises'
import { type CallToolResult, fromJsonSchema, type McpServer, type ServerContext } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { PNG, WAV } from './media.ts'

const text = (words: string): CallToolResult => ({ content: [{ type: 'text', text: words }] })

type Work = (ctx: ServerContext) => CallToolResult | Promise<CallToolResult>

/** The plain tools that the conformance suite calls. */
export function addTools(server: McpServer): void {
  const tool = (name: string, description: string, work: Work) =>
    server.registerTool(name, { description, inputSchema: z.object({}) }, async (_input, ctx) => work(ctx))

  tool('test_simple_text', 'Answers with a text', () => text('This is a simple text response for testing.'))
  tool('test_image_content', 'Answers with an image', () => ({ content: [{ type: 'image', data: PNG, mimeType: 'image/png' }] }))
  tool('test_audio_content', 'Answers with a sound', () => ({ content: [{ type: 'audio', data: WAV, mimeType: 'audio/wav' }] }))
  tool('test_embedded_resource', 'Answers with a resource', () => ({
    content: [
      {
        type: 'resource',
        resource: { uri: 'test://embedded-resource', mimeType: 'text/plain', text: 'This is an embedded resource content.' },
      },
    ],
  }))
  tool('test_multiple_content_types', 'Answers with a text, an image and a resource', () => ({
    content: [
      { type: 'text', text: 'Multiple content types test:' },
      { type: 'image', data: PNG, mimeType: 'image/png' },
      {
        type: 'resource',
        resource: {
          uri: 'test://mixed-content-resource',
          mimeType: 'application/json',
          text: JSON.stringify({ test: 'data', value: 123 }),
        },
      },
    ],
  }))
  const logs: Work = async ({ mcpReq }) => {
    await mcpReq.log('info', 'Tool execution started')
    await sleep(50)
    await mcpReq.log('info', 'Tool processing data')
    await sleep(50)
    await mcpReq.log('info', 'Tool execution completed')
    return text('Logged three times.')
  }
  tool('test_tool_with_logging', 'Logs while it works', logs)
  tool('test_logging_tool', 'Logs while it works', logs)
  tool('test_error_handling', 'Fails', () => {
    throw new Error('This tool intentionally returns an error for testing')
  })
  tool('test_tool_with_progress', 'Reports its progress', async ({ mcpReq }) => {
    const progressToken = mcpReq._meta?.progressToken
    for (const progress of [0, 50, 100]) {
      if (progressToken !== undefined)
        await mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress, total: 100 } })
      if (progress < 100) await sleep(50)
    }
    return text('Done.')
  })
  server.registerTool(
    'json_schema_2020_12_tool',
    { description: 'Tool with JSON Schema 2020-12 features', inputSchema: fromJsonSchema(RICH_SCHEMA) },
    async () => text('Accepted.'),
  )
  server.registerTool(
    'test_param_headers',
    {
      description: 'Mirrors an argument in a header',
      inputSchema: fromJsonSchema({
        type: 'object',
        properties: { region: { type: 'string', 'x-mcp-header': 'Region' } as object, query: { type: 'string' } },
      }),
    },
    async () => text('Accepted.'),
  )
}

const RICH_SCHEMA = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  $defs: {
    address: {
      $anchor: 'addressDef',
      type: 'object',
      properties: { street: { type: 'string' }, city: { type: 'string' } },
    },
  },
  properties: {
    name: { type: 'string' },
    address: { $ref: '#/$defs/address' },
    contactMethod: { type: 'string', enum: ['phone', 'email'] },
    phone: { type: 'string' },
    email: { type: 'string' },
  },
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
  ...{ then: { required: ['phone'] } },
  allOf: [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }],
  if: { properties: { contactMethod: { const: 'phone' } }, required: ['contactMethod'] },
  else: { required: ['email'] },
  additionalProperties: false,
} as const
