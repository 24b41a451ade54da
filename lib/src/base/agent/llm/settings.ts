import { z } from 'zod'

/** A package of npm, never a path or an address. */
const PACKAGE = /^(@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/

/** The built-in provider: any API with OpenAI's chat completions. */
export const BUILT_IN = 'openai-compatible'

/** The optional language model: without `model` no code of it is loaded. */
export const llmSettings = z
  .object({
    provider: z
      .string()
      .regex(PACKAGE, `expected ${BUILT_IN}, or the npm name of an AI SDK provider such as @ai-sdk/anthropic`)
      .default(BUILT_IN)
      .describe(`${BUILT_IN}, which is built in, or the npm name of an AI SDK provider such as @ai-sdk/anthropic`)
      .meta({ env: 'QICORE_LLM_PROVIDER' }),
    model: z
      .string()
      .min(1)
      .optional()
      .describe("the model's name at the provider; unset means that there is no model")
      .meta({ env: 'QICORE_LLM_MODEL' }),
    base_url: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe(`the address of the API, such as http://127.0.0.1:11434/v1; required by ${BUILT_IN}`)
      .meta({ env: 'QICORE_LLM_BASE_URL' }),
    api_key: z.string().min(1).optional().describe('the key of the API').meta({ env: 'QICORE_LLM_API_KEY', secret: true }),
    tools: z
      .array(z.string())
      .optional()
      .describe(
        'the tools that the model may call, or sets of them; of these only those that read; unset means those of market data',
      ),
    budget: z
      .object({
        max_steps: z.int().min(1).max(100).default(12).describe('most calls of the model for one question'),
        max_tokens: z.int().min(100).default(100_000).describe('most tokens for one question, in and out, over all calls'),
        timeout_s: z.number().positive().max(3600).default(120).describe('most seconds for one question'),
      })
      .prefault({}),
  })
  .check(({ value, issues }) => {
    if (value.model !== undefined && value.provider === BUILT_IN && value.base_url === undefined)
      issues.push({
        code: 'custom',
        input: value,
        path: ['base_url'],
        message: `${BUILT_IN} needs the address of its API: set QICORE_LLM_BASE_URL or llm.base_url, such as http://127.0.0.1:11434/v1`,
      })
  })

export type LlmSettings = z.output<typeof llmSettings>

/** The error text where a model is needed and none is configured. */
export const HOW_TO_CONFIGURE =
  'no language model is configured; only this command needs one: write `llm: { model: NAME, base_url: http://127.0.0.1:11434/v1 }` ' +
  "into qicore.yaml (any API that speaks OpenAI's chat completions), or set QICORE_LLM_MODEL and QICORE_LLM_BASE_URL, and QICORE_LLM_API_KEY " +
  'where it wants a key; for another provider npm install @ai-sdk/anthropic and add provider: "@ai-sdk/anthropic"'
