import type { ToolDefinition } from '../../../lib/src/base/agent/index.ts'
import { inputOf, toolJsonSchema } from '../../../lib/src/mcp-tools/index.ts'

/** A valid value for an argument of this name in any tool; an enumeration takes its first value. */
const FITTING: Readonly<Record<string, unknown>> = {
  coin: 'coin-001',
  coins: ['coin-001', 'coin-002'],
  source: 'coingecko',
  currency: 'usd',
  topic: 'crypto-prices',
  topics: ['crypto-prices'],
  group: 'crypto-data',
  action: 'list',
  records: [{}],
}

/** Of tools whose arguments go by none of these names, or depend on one another. */
const OF_TOOL: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  timeseries_query: { query: 'prices', arguments: { coin: 'coin-001' } },
  timeseries_insert: { type: 'price', records: [{}] },
  manage_hypertables: { action: 'statistics' },
}

/** The least that a tool can be called with; also of tools that are not known here. */
export function minimalArguments(tool: ToolDefinition): Record<string, unknown> {
  const known = OF_TOOL[tool.name]
  if (known) return { ...known }
  const { properties = {}, required = [] } = toolJsonSchema(inputOf(tool), 'input') as {
    properties?: Record<string, { enum?: unknown[]; type?: string }>
    required?: string[]
  }
  return Object.fromEntries(
    required.map((name) => {
      const { enum: values, type } = properties[name] ?? {}
      const value = FITTING[name]
      if (values) return [name, value !== undefined && values.includes(value) ? value : values[0]]
      return [name, value ?? (type === 'number' || type === 'integer' ? 1 : type === 'array' ? [] : 'coin-001')]
    }),
  )
}
