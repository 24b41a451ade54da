import type { ToolContext, ToolDefinition, ToolEffect } from '../../base/agent/index.ts'
import { escapeHiddenInLines } from '../../base/types/index.ts'
import { provenanceLine, provenanceOf } from './provenance.ts'
import { shorten } from './shorten.ts'
import { estimateTokens } from './tokens.ts'

export interface ToolAnswer {
  readonly structured: Readonly<Record<string, unknown>>
  readonly text: string
}

/** Most tokens of an answer to a model, text and structure together. */
export const MOST_TOKENS = 8_000
/** The same without a limit in the call. */
const DEFAULT_TOKENS = 1_900
/** Margin for estimates that are too low. */
const SAFETY = 0.92
const MOST_TRIES = 5
const CEILING = `an answer holds about ${MOST_TOKENS.toLocaleString('en')} tokens`

/**
 * Runs a tool and makes its answer, with a line about time, sources and completeness, within the caller's token budget. A paged tool is run
 * again with fewer items, so that its cursor leads on; in any other answer the longest list is cut.
 */
export async function answerOf(
  tool: ToolDefinition,
  input: Record<string, unknown>,
  context: ToolContext,
  effect: ToolEffect,
): Promise<ToolAnswer> {
  const { mostTokens = Number.POSITIVE_INFINITY } = context
  const by = tool.pages?.by
  const asked = by === undefined ? undefined : (input[by] as number | undefined)
  const room = (by !== undefined && asked === undefined ? Math.min(DEFAULT_TOKENS, mostTokens) : mostTokens) * SAFETY
  const readAt = Date.now()
  const make = (from: Readonly<Record<string, unknown>>, cut?: string) => made(tool, from, { input, effect, readAt, cut })
  let limit = asked ?? tool.pages?.preset ?? 1
  let structured = await tool.run(input, context)
  let answer = make(structured)
  let tokens = tokensOf(answer, room)
  for (let tries = 0; tokens > room && by !== undefined && effect === 'read' && limit > 1 && tries < MOST_TRIES; tries++) {
    const items = Math.min(limit, longestList(structured))
    limit = Math.max(1, Math.min(items - 1, Math.floor((items * room) / tokens)))
    structured = await tool.run({ ...input, [by]: limit }, context)
    answer = make(structured, asked === undefined ? undefined : `${CEILING}: ${by} ${limit} in place of ${asked}`)
    tokens = tokensOf(answer, room)
  }
  return tokens > mostTokens * SAFETY ? withinTokenBudget(structured, mostTokens * SAFETY, make) : answer
}

/** Items in the answer; may be fewer than the limit. */
const longestList = (structured: Readonly<Record<string, unknown>>): number =>
  Object.values(structured).reduce<number>((most, part) => (Array.isArray(part) ? Math.max(most, part.length) : most), 1)

/** Cuts the longest part until the answer fits. */
function withinTokenBudget(
  whole: Readonly<Record<string, unknown>>,
  room: number,
  make: (from: Readonly<Record<string, unknown>>, cut?: string) => ToolAnswer,
): ToolAnswer {
  const lengths = new Map<string, number>()
  const notes = new Map<string, string>()
  let structured = whole
  let answer = make(whole)
  for (let tokens = tokensOf(answer, room); tokens > room; tokens = tokensOf(answer, room)) {
    const shorter = shorten(structured, room / tokens)
    if (!shorter) break
    const { part, kept, of, what } = shorter
    structured = shorter.structured
    lengths.set(part, lengths.get(part) ?? of)
    notes.set(part, `${part} ${kept} of ${lengths.get(part)} ${what}`)
    answer = make(structured, `${CEILING}: ${[...notes.values()].join(', ')}; ask for less at a time`)
  }
  return answer
}

interface Made {
  readonly input: Record<string, unknown>
  readonly effect: ToolEffect
  readonly readAt: number
  readonly cut: string | undefined
}

function made(
  tool: ToolDefinition,
  structured: Readonly<Record<string, unknown>>,
  { input, effect, readAt, cut }: Made,
): ToolAnswer {
  const text = escapeHiddenInLines(tool.text(structured))
  // A write has no facts, but may be cut all the same.
  const facts = effect === 'read' ? tool.facts?.(structured, input) : undefined
  if (!facts && cut === undefined) return { structured, text }
  const provenance = provenanceOf(facts ?? {}, readAt, cut)
  return { structured: { ...structured, provenance }, text: `${text}\n${escapeHiddenInLines(provenanceLine(provenance))}` }
}

/** Estimates only an answer with more bytes than the budget has tokens: a token is at least one byte. */
function tokensOf({ structured, text }: ToolAnswer, room: number): number {
  if (room === Number.POSITIVE_INFINITY) return 0
  const json = JSON.stringify(structured)
  const bytes = Buffer.byteLength(json) + Buffer.byteLength(text)
  return bytes <= room ? bytes : estimateTokens(json) + estimateTokens(text)
}
