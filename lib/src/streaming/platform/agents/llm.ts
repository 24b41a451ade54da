import { Llm, type LlmSettings, type ToolDefinition, type ToolHandles } from '../../../base/agent/index.ts'
import { type Logger, QiError, toQiError } from '../../../base/types/index.ts'
import { DirectCaller, inputOf, selectTools, toolJsonSchema } from '../../../mcp-tools/index.ts'

/** Market data: enough for most questions, few enough to keep the model's context small. */
const MARKET_TOOLS = ['TimescaleDBFinancialTools', 'TimescaleTools', 'AnalyticsTools', 'platform_health']

export interface LlmAccess {
  readonly settings: LlmSettings
  readonly handles: () => ToolHandles | Promise<ToolHandles>
  readonly logger: Logger
  /** Names of tools or tool sets that the model may use. Default: `llm.tools`. */
  readonly tools?: readonly string[] | undefined
  readonly project?: string
}

/**
 * Opens the optional model with our read-only tools. Its caller has no other tools.
 * @throws QiError CONFIG_INVALID for an unknown tool
 */
export function openLlm({ settings, handles, logger, tools: names, project }: LlmAccess): Llm {
  const tools = selected(names ?? settings.tools ?? MARKET_TOOLS)
  const mcp = new DirectCaller({ handles, tools, bounded: true })
  const offered = tools.map((tool) => ({
    name: tool.name,
    description: tool.summary,
    input: toolJsonSchema(inputOf(tool), 'input'),
  }))
  return new Llm({ settings, tools: offered, mcp, logger, ...(project !== undefined && { project }) })
}

function selected(names: readonly string[]): readonly ToolDefinition[] {
  try {
    return selectTools({ names, readOnly: true })
  } catch (error) {
    throw new QiError('CONFIG_INVALID', `llm.${toQiError(error).message}`, { cause: error, field: 'llm.tools' })
  }
}
