import {
  Llm,
  type LlmSettings,
  type Logger,
  QiError,
  type ToolDefinition,
  type ToolHandles,
  toQiError,
} from '../../../base/index.ts'
import { inputOf, selectTools, toolJsonSchema } from '../../../mcp-tools/index.ts'
import { LinkedClient } from './LinkedClient.ts'

/** What is market data: enough for most questions, and few enough not to fill every call of the model. */
const MARKET_TOOLS = ['TimescaleDBFinancialTools', 'TimescaleTools', 'AnalyticsTools', 'platform_health']

export interface LlmAccess {
  readonly settings: LlmSettings
  readonly handles: () => ToolHandles | Promise<ToolHandles>
  readonly logger: Logger
  /** The tools, or sets of them, that whoever asks may use; default: those of the configuration. */
  readonly tools?: readonly string[] | undefined
  readonly project?: string
}

/**
 * The optional model with our tools that read, over a client that has no others: what it may not do, it cannot.
 * @throws QiError CONFIG_INVALID for a tool that there is not
 */
export function openLlm({ settings, handles, logger, tools: names, project }: LlmAccess): Llm & AsyncDisposable {
  const tools = selected(names ?? settings.tools ?? MARKET_TOOLS)
  const client = new LinkedClient(handles, tools, true)
  const offered = tools.map((tool) => ({
    name: tool.name,
    description: tool.summary,
    input: toolJsonSchema(inputOf(tool), 'input'),
  }))
  const llm = new Llm({ settings, tools: offered, mcp: client, logger, ...(project !== undefined && { project }) })
  return Object.assign(llm, { [Symbol.asyncDispose]: () => client[Symbol.asyncDispose]() })
}

function selected(names: readonly string[]): readonly ToolDefinition[] {
  try {
    return selectTools({ names, readOnly: true })
  } catch (error) {
    throw new QiError('CONFIG_INVALID', `llm.${toQiError(error).message}`, { cause: error, field: 'llm.tools' })
  }
}
