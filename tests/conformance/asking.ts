import { randomBytes } from 'node:crypto'
import {
  type CallToolResult,
  createRequestStateCodec,
  type ElicitRequestFormParams,
  type InputRequests,
  type InputRequiredResult,
  inputRequired,
  inputResponse,
  type McpServer,
  type ServerContext,
} from '@modelcontextprotocol/server'
import { z } from 'zod'

type Answer = CallToolResult | InputRequiredResult
const text = (words: string): CallToolResult => ({ content: [{ type: 'text', text: words }] })
const form = (properties: ElicitRequestFormParams['requestedSchema']['properties'], required: string[] = []) => ({
  type: 'object' as const,
  properties,
  required,
})

/** Left to itself a request goes by the client's stream of its own, which may not be open yet: then it is lost. */
const onStreamOf = ({ id }: ServerContext['mcpReq']) => ({ relatedRequestId: id })

/** Signs what travels through the client. */
export const stateCodec = createRequestStateCodec<{ round: number }>({ key: randomBytes(32) })

/** Tools that ask the client for something while they work: by requests (before 2026-07-28), or by what they answer (from it on). */
export function addAskingTools(server: McpServer): void {
  const tool = (name: string, description: string, work: (ctx: ServerContext) => Answer | Promise<Answer>) =>
    server.registerTool(name, { description, inputSchema: z.object({}) }, async (_input, ctx) => work(ctx))

  server.registerTool(
    'test_sampling',
    { description: 'Asks the model of the client', inputSchema: z.object({ prompt: z.string() }) },
    async ({ prompt }, { mcpReq }) => {
      const { content } = await mcpReq.requestSampling(
        { messages: [{ role: 'user', content: { type: 'text', text: prompt } }], maxTokens: 100 },
        onStreamOf(mcpReq),
      )
      const [first] = [content].flat()
      return text(`LLM response: ${first?.type === 'text' ? first.text : ''}`)
    },
  )
  const elicits =
    (message: string, requestedSchema: ElicitRequestFormParams['requestedSchema'], label: string) =>
    async ({ mcpReq }: ServerContext): Promise<CallToolResult> => {
      const { action, content } = await mcpReq.elicitInput({ message, requestedSchema }, onStreamOf(mcpReq))
      return text(`${label}: action=${action}, content=${JSON.stringify(content ?? {})}`)
    }
  server.registerTool(
    'test_elicitation',
    { description: 'Asks the user', inputSchema: z.object({ message: z.string() }) },
    async ({ message }, ctx) =>
      elicits(
        message,
        form(
          {
            username: { type: 'string', description: "User's response" },
            email: { type: 'string', description: "User's email address" },
          },
          ['username', 'email'],
        ),
        'User response',
      )(ctx),
  )
  tool(
    'test_elicitation_sep1034_defaults',
    'Asks the user, with defaults',
    elicits(
      'Please review the defaults',
      form({
        name: { type: 'string', default: 'John Doe' },
        age: { type: 'integer', default: 30 },
        score: { type: 'number', default: 95.5 },
        status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
        verified: { type: 'boolean', default: true },
      }),
      'Elicitation completed',
    ),
  )
  const titled = (prefix: string, words: readonly string[]) => words.map((title, i) => ({ const: `${prefix}${i + 1}`, title }))
  tool(
    'test_elicitation_sep1330_enums',
    'Asks the user to choose',
    elicits(
      'Please choose',
      form({
        untitledSingle: { type: 'string', enum: ['option1', 'option2', 'option3'] },
        titledSingle: { type: 'string', oneOf: titled('value', ['First Option', 'Second Option', 'Third Option']) },
        legacyEnum: { type: 'string', enum: ['opt1', 'opt2', 'opt3'], enumNames: ['Option One', 'Option Two', 'Option Three'] },
        untitledMulti: { type: 'array', items: { type: 'string', enum: ['option1', 'option2', 'option3'] } },
        titledMulti: { type: 'array', items: { anyOf: titled('value', ['First Choice', 'Second Choice', 'Third Choice']) } },
      }),
      'Elicitation completed',
    ),
  )

  const askName = inputRequired.elicit({
    message: 'What is your name?',
    requestedSchema: form({ name: { type: 'string' } }, ['name']),
  })
  const askOk = inputRequired.elicit({ message: 'Please confirm', requestedSchema: form({ ok: { type: 'boolean' } }, ['ok']) })
  const sample = (words: string, maxTokens: number) =>
    inputRequired.createMessage({ messages: [{ role: 'user', content: { type: 'text', text: words } }], maxTokens })
  const responses = ({ mcpReq }: ServerContext) => mcpReq.inputResponses
  const given = (ctx: ServerContext, key: string): Record<string, unknown> | undefined => {
    const view = inputResponse(responses(ctx), key)
    return view.kind === 'elicit' && view.action === 'accept' ? view.content : undefined
  }

  tool('test_input_required_result_elicitation', 'Asks for a name', (ctx) => {
    const name = given(ctx, 'user_name')?.name
    return typeof name === 'string' ? text(`Hello, ${name}!`) : inputRequired({ inputRequests: { user_name: askName } })
  })
  tool('test_input_required_result_sampling', 'Asks the model of the client', (ctx) => {
    const view = inputResponse(responses(ctx), 'capital_question')
    if (view.kind !== 'sampling')
      return inputRequired({ inputRequests: { capital_question: sample('What is the capital of France?', 100) } })
    return text(JSON.stringify(view.result.content))
  })
  tool('test_input_required_result_list_roots', 'Asks for the roots', (ctx) => {
    const view = inputResponse(responses(ctx), 'client_roots')
    if (view.kind !== 'roots') return inputRequired({ inputRequests: { client_roots: inputRequired.listRoots() } })
    return text(view.roots.map(({ uri }) => uri).join(' '))
  })
  const stateful = async (ctx: ServerContext): Promise<Answer> => {
    const state = ctx.mcpReq.requestState<{ round: number }>()
    if (state && given(ctx, 'confirm')) return text('state-ok')
    return inputRequired({ inputRequests: { confirm: askOk }, requestState: await stateCodec.mint({ round: 1 }) })
  }
  tool('test_input_required_result_request_state', 'Asks, and remembers', stateful)
  tool('test_input_required_result_tampered_state', 'Asks, and remembers what cannot be changed', stateful)
  tool('test_input_required_result_multiple_inputs', 'Asks for three things at once', async (ctx) => {
    const all = ['user_name', 'greeting', 'client_roots'].every((key) => responses(ctx)?.[key] !== undefined)
    if (all && ctx.mcpReq.requestState()) return text('All of it was given.')
    return inputRequired({
      inputRequests: { user_name: askName, greeting: sample('Generate a greeting', 50), client_roots: inputRequired.listRoots() },
      requestState: await stateCodec.mint({ round: 1 }),
    })
  })
  tool('test_input_required_result_multi_round', 'Asks twice', async (ctx) => {
    const { round = 0 } = ctx.mcpReq.requestState<{ round: number }>() ?? {}
    if (round === 2 && given(ctx, 'step2')) return text('Both steps are done.')
    const second = round === 1 && given(ctx, 'step1')
    const inputRequests: InputRequests = second
      ? {
          step2: inputRequired.elicit({
            message: 'Step 2: What is your favorite color?',
            requestedSchema: form({ color: { type: 'string' } }, ['color']),
          }),
        }
      : {
          step1: inputRequired.elicit({
            message: 'Step 1: What is your name?',
            requestedSchema: form({ name: { type: 'string' } }, ['name']),
          }),
        }
    return inputRequired({ inputRequests, requestState: await stateCodec.mint({ round: second ? 2 : 1 }) })
  })
  tool('test_input_required_result_capabilities', 'Asks only what the client can answer', (ctx) => {
    const { elicitation, sampling } = server.server.getClientCapabilities() ?? {}
    const inputRequests = {
      ...(elicitation && { user_name: askName }),
      ...(sampling && { greeting: sample('Generate a greeting', 50) }),
    }
    return responses(ctx) ? text('Given.') : inputRequired({ inputRequests })
  })
  tool('test_streaming_elicitation', 'Asks for a name', (ctx) =>
    given(ctx, 'user_name') ? text('Given.') : inputRequired({ inputRequests: { user_name: askName } }),
  )
  tool('test_missing_capability', 'Needs sampling', () =>
    inputRequired({ inputRequests: { greeting: sample('Generate a greeting', 50) } }),
  )
  server.registerPrompt('test_input_required_result_prompt', { description: 'A prompt that asks' }, async (ctx) => {
    const context = given(ctx, 'user_context')?.context
    if (typeof context === 'string') return { messages: [{ role: 'user', content: { type: 'text', text: context } }] }
    return inputRequired({
      inputRequests: {
        user_context: inputRequired.elicit({
          message: 'What context should the prompt use?',
          requestedSchema: form({ context: { type: 'string' } }, ['context']),
        }),
      },
    })
  })
}
