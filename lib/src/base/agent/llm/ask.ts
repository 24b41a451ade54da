import type { LanguageModel } from 'ai'
import { toQiError } from '../../types/index.ts'
import type { McpCaller } from '../mcp/MCPWrapper.ts'
import { Conversation, type Turn } from './Conversation.ts'
import { CALCULATE, calculate } from './calculate.ts'
import { checkFigures } from './figures/check.ts'
import { type Citation, cite, withoutReferences } from './figures/cite.ts'
import type { ToolCall } from './figures/evidence.ts'
import { askInstructions, correctFigures, LAST_STEP } from './prompts.ts'
import type { LlmSettings } from './settings.ts'
import { type OfferedTool, toolSet } from './tools.ts'

/** An answer in words, its figures checked against the results of the tools. */
export interface Answer {
  /** With a reference after each figure: [1] is the first citation. */
  readonly text: string
  /** True if there is an answer and every figure of it is in a result of a tool. */
  readonly verified: boolean
  /** `steps`, `tokens`: that budget ran out first. */
  readonly ended: 'answered' | 'steps' | 'tokens'
  readonly citations: readonly Citation[]
  /** Figures that are in no result of a tool; marked [unfounded] in the text. */
  readonly unfounded: readonly string[]
  /** Tools that the model called without being allowed to. */
  readonly refused: readonly string[]
  readonly steps: number
  readonly tokens: number
}

export interface AskParts {
  readonly model: LanguageModel
  readonly settings: LlmSettings
  readonly tools: readonly OfferedTool[]
  readonly mcp: McpCaller
  readonly question: string
  readonly signal: AbortSignal
}

interface Known {
  readonly calls: ToolCall[]
  readonly sources: Map<number, readonly number[]>
}

/** @throws QiError of the model; errors of tools go to the model */
export async function ask(parts: AskParts): Promise<Answer> {
  const { model, settings, question, signal } = parts
  const talk = new Conversation(model, settings, question)
  const known: Known = { calls: [], sources: new Map() }
  const tools = await toolSet(parts.tools)
  const now = Date.now()
  const refused = new Set<string>()
  let mended = false
  let checked = checkFigures('', { calls: [], now })
  const end = (ended: Answer['ended'], written = ''): Answer => {
    const { text, citations } = cite(written, checked, known.calls, (call) => known.sources.get(call) ?? [])
    const unfounded = checked.unfounded.map((figure) => figure.text.trim())
    const verified = ended === 'answered' && unfounded.length === 0 && text.trim() !== ''
    return { text, verified, ended, citations, unfounded, refused: [...refused], steps: talk.steps, tokens: talk.tokens }
  }
  for (;;) {
    const last = talk.stepsLeft <= 1
    const instructions = askInstructions(now) + (last ? LAST_STEP : '')
    const turn = await talk.turn({ instructions, tools, callable: !last, signal })
    if (!turn) return end('tokens')
    for (const name of turn.refused) refused.add(name)
    const calling = turn.calls.length + turn.refused.length > 0
    if (last && (calling || turn.text.trim() === '')) return end('steps')
    if (calling) {
      await answerCalls(turn, talk, known, parts)
      continue
    }
    if (turn.cut) return end('tokens')
    const text = withoutReferences(turn.text, known.calls.length)
    checked = checkFigures(text, { question, calls: known.calls, now })
    if (checked.unfounded.length === 0 || mended || talk.stepsLeft === 0) return end('answered', text)
    mended = true
    talk.say(correctFigures(checked.unfounded.map((figure) => figure.text.trim())))
  }
}

/** Runs the calls one after another, so that citations have the order of the calls. `calculate` sees only results of earlier turns. */
async function answerCalls({ calls }: Turn, talk: Conversation, known: Known, parts: AskParts): Promise<void> {
  const before = known.calls.slice()
  for (const { id, tool, arguments: given } of calls) {
    try {
      const value = tool === CALCULATE ? derive(given, before, known, parts) : await call(tool, given, known, parts)
      talk.answer(id, tool, { value })
    } catch (error) {
      parts.signal.throwIfAborted()
      talk.answer(id, tool, { failure: toQiError(error).message })
    }
  }
}

function derive(
  given: Readonly<Record<string, unknown>>,
  before: readonly ToolCall[],
  known: Known,
  { question }: AskParts,
): unknown {
  const { sources, ...result } = calculate(given, { calls: before, question })
  known.sources.set(known.calls.length, sources)
  known.calls.push({ tool: CALCULATE, arguments: given, result: result.result })
  return result
}

async function call(
  tool: string,
  given: Readonly<Record<string, unknown>>,
  known: Known,
  { mcp, signal }: AskParts,
): Promise<unknown> {
  const answer = await mcp.callTool(tool, given, { signal })
  const text = answer.content.flatMap((part) => (part.type === 'text' ? [String(part.text)] : [])).join('\n')
  if (answer.isError) throw new Error(text)
  const result = answer.structuredContent ?? text
  known.calls.push({ tool, arguments: given, result })
  return result
}
