import { expect, test } from 'vitest'
import { z } from 'zod'
import { type AgentParts, BaseAgent, defineAgent, defineWorkflow } from '../../../lib/src/base/agent/index.ts'
import { testDatabase } from '../../support/database.ts'
import { hostedAgents } from '../hostedAgents.ts'
import { openAiServer } from './openaiServer.ts'

/** Comments its report, where there is a model, and asks it something. */
const commentator = defineAgent({
  name: 'commentator',
  summary: 'Comments',
  config: z.object({}),
  tools: ['platform_health', 'manage_topics'],
  create(_config, parts: AgentParts) {
    const main = defineWorkflow({
      name: 'comment',
      summary: 'Comments',
      input: z.object({}),
      output: z.object({ comment: z.string().optional(), answer: z.string().optional() }),
      steps: (start) =>
        start.step('comment', async (_input, { signal }) => {
          const comment = await parts.llm.explain({ change_pct: 2.5 }, { signal })
          const answer = parts.llm.configured ? (await parts.llm.ask('how is the platform?', { signal })).text : undefined
          return { ...(comment !== undefined && { comment }), ...(answer !== undefined && { answer }) }
        }),
    })
    return new (class extends BaseAgent {
      readonly workflows = { main }
    })({ name: 'commentator', logger: parts.logger })
  },
})

const { url } = await testDatabase()

const run = async (yaml: string) => {
  await using hosted = await hostedAgents({ databaseUrl: url, definitions: { commentator }, yaml })
  const agent = await hosted.host.agent('commentator')
  return await (await agent.submit('main', {})).result
}

test('an agent works without a model, and comments and asks with one, by the tools that it may use', async () => {
  expect(await run('')).toEqual({})
  await using server = await openAiServer(({ tools, results }) => {
    if (!tools.includes('platform_health')) return { text: 'It rose 2.5 %.' }
    if (results.length === 0) return { calls: [{ tool: 'platform_health', arguments: {} }] }
    const { status, parts_in_all } = results[0] as { status: string; parts_in_all: number }
    return { text: `The platform is ${status}, in ${parts_in_all} parts.` }
  })
  expect(await run(`llm: { model: script, base_url: "${server.url}" }`)).toEqual({
    comment: 'It rose 2.5 %.',
    answer: expect.stringMatching(/^The platform is \w+, in \d+ \[1\] parts\.$/),
  })
  expect(server.asked[1]?.tools).toEqual(['platform_health', 'calculate'])
})
