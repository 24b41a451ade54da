import { z } from 'zod'
import type { ToolDefinition } from '../../base/agent/index.ts'
import { listedSchema } from './listing.ts'

/** Most tools in an answer, each with its arguments. */
const MOST_FOUND = 5
/** Most names in an answer without a match. */
const MOST_NAMES = 60

export const FIND_TOOLS = 'find_tools'
export const CALL_TOOL = 'call_tool'

export const findInput = z
  .object({
    words: z.string().min(1).max(200).describe('the task, such as "backfill history"'),
    limit: z.int().min(1).max(MOST_FOUND).default(3),
  })
  .strict()

export const callInput = z
  .object({
    name: z.string().min(1).max(100),
    arguments: z.record(z.string(), z.unknown()).default({}).describe('as find_tools shows them'),
  })
  .strict()

/** A found tool, with all that a call needs. */
interface Found {
  readonly name: string
  readonly effect: string
  readonly summary: string
  readonly arguments: Readonly<Record<string, unknown>>
}

/** The best matches, best first; without any, the names of all tools. */
export function findTools(tools: readonly ToolDefinition[], words: string, limit: number): { items: Found[]; names?: string[] } {
  const asked = wordsOf(words)
  const fitting = tools
    .map((tool) => ({ tool, score: scoreOf(tool, asked) }))
    .filter(({ score }) => score > 0)
    .toSorted((a, b) => b.score - a.score)
    .slice(0, limit)
  if (fitting.length === 0) return { items: [], names: tools.map(({ name }) => name).slice(0, MOST_NAMES) }
  return {
    items: fitting.map(({ tool }) => ({
      name: tool.name,
      effect: tool.effect,
      summary: tool.summary,
      arguments: listedSchema(tool),
    })),
  }
}

export const foundText = ({ items, names = [] }: ReturnType<typeof findTools>): string =>
  items.length > 0
    ? items
        .map((tool) => `${tool.name} (${tool.effect}): ${tool.summary}\narguments: ${JSON.stringify(tool.arguments)}`)
        .concat(`Call one by ${CALL_TOOL}.`)
        .join('\n')
    : `No tool fits these words. There are: ${names.join(', ')}`

/** Lower-case words without plural s: "prices" finds "price". */
const wordsOf = (text: string): string[] =>
  (text.toLowerCase().match(/[a-z0-9]+/g) ?? []).map((word) => (word.length > 3 ? word.replace(/s$/, '') : word))

function scoreOf({ name, title, summary, set, input }: ToolDefinition, asked: readonly string[]): number {
  const places: readonly (readonly [number, ReadonlySet<string>])[] = [
    [4, new Set(wordsOf(`${name} ${title}`))],
    [2, new Set(wordsOf(summary))],
    [
      1,
      new Set(
        wordsOf(
          `${set} ${Object.entries(input.shape)
            .map(([key, field]) => `${key} ${field.description ?? ''}`)
            .join(' ')}`,
        ),
      ),
    ],
  ]
  return asked.reduce((sum, word) => sum + (places.find(([, words]) => words.has(word))?.[0] ?? 0), 0)
}
