import type { LanguageModel } from 'ai'
import { Conversation } from './Conversation.ts'
import { checkFigures } from './figures/check.ts'
import { correctFigures, EXPLAIN_INSTRUCTIONS } from './prompts.ts'
import type { LlmSettings } from './settings.ts'

export interface ExplainParts {
  readonly model: LanguageModel
  readonly settings: LlmSettings
  readonly report: unknown
  readonly signal: AbortSignal
}

/** A comment on a report; undefined if it states figures that the report lacks, or the budget runs out. */
export async function explain({ model, settings, report, signal }: ExplainParts): Promise<string | undefined> {
  const talk = new Conversation(model, settings, JSON.stringify(report))
  const calls = [{ tool: 'report', arguments: {}, result: report }]
  for (let tries = 0; tries < 2 && talk.stepsLeft > 0; tries++) {
    const turn = await talk.turn({ instructions: EXPLAIN_INSTRUCTIONS, tools: {}, callable: false, signal })
    if (!turn || turn.cut || turn.text.trim() === '') return undefined
    const { unfounded } = checkFigures(turn.text, { calls, now: Date.now() })
    if (unfounded.length === 0) return turn.text.trim()
    talk.say(correctFigures(unfounded.map(({ text }) => text)))
  }
  return undefined
}
