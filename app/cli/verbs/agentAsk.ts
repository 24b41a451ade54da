import type { Answer, Citation } from '../../../lib/src/base/agent/index.ts'
import { countOf, escapeHidden, QiError, suggest } from '../../../lib/src/base/types/index.ts'
import { agentDefinitions, openLlm } from '../../../lib/src/streaming/platform/index.ts'
import { EXIT, type Exit } from '../exitCodes.ts'
import { loggerOf } from '../logging.ts'
import type { Session } from '../session.ts'
import { LazyTools } from '../tools.ts'

export interface AgentAskInput {
  readonly question: readonly string[]
  readonly agent?: string
}

export async function run(session: Session, { question, agent }: AgentAskInput): Promise<Exit> {
  const loaded = await session.load()
  const { config, project } = loaded
  const tools = agent === undefined ? undefined : toolsOf(agent)
  await using opened = new LazyTools(session, loaded)
  const llm = openLlm({ settings: config.llm, handles: () => opened.handles(), logger: loggerOf(session), project, tools })
  // A store that cannot be opened is reported to the user, not to the model.
  if (llm.configured) await opened.handles()
  const answer = await session.unlessInterrupted(llm.ask(question.join(' '), { signal: session.signal }))
  if (session.json) await session.out.json(wire(answer))
  else await show(session, answer, config.llm.budget)
  return answer.verified ? EXIT.ok : EXIT.failed
}

/** @throws QiError NOT_FOUND */
function toolsOf(agent: string): readonly string[] | undefined {
  const definition = agentDefinitions[agent]
  if (definition) return definition.tools
  throw new QiError('NOT_FOUND', `there is no agent named "${agent}"${suggest(agent, Object.keys(agentDefinitions))}`, {
    field: 'agent',
  })
}

const wire = ({ text, verified, ended, citations, unfounded, refused, steps, tokens }: Answer) => ({
  text,
  verified,
  ended,
  citations,
  unfounded_figures: unfounded,
  refused_tools: refused,
  steps,
  tokens,
})

async function show(session: Session, answer: Answer, budget: { readonly max_steps: number; readonly max_tokens: number }) {
  const { out, err } = session
  for (const line of answer.text.split('\n')) await out.line(escapeHidden(line))
  if (answer.citations.length > 0) await out.line()
  for (const citation of answer.citations) await out.line(out.style('dim', escapeHidden(describe(citation))))
  for (const name of answer.refused)
    await session.remark(`the model called ${escapeHidden(name)}, which it may not use: the call was refused`)
  const spent = {
    steps: `the budget of ${countOf(budget.max_steps, 'call')} of the model was spent before an answer: raise llm.budget.max_steps, or ask for less`,
    tokens: `the budget of ${budget.max_tokens} tokens was too small for an answer (${answer.tokens} used in ${countOf(answer.steps, 'call')}): raise llm.budget.max_tokens, or ask for less`,
  }
  const failure =
    answer.ended !== 'answered'
      ? spent[answer.ended]
      : answer.unfounded.length > 0
        ? `do not trust this answer: these figures are in no answer of a tool: ${answer.unfounded.join('; ')}`
        : answer.verified
          ? undefined
          : 'the model answered nothing'
  if (failure) await err.line(`${err.style('red', 'error:')} ${escapeHidden(failure)}`)
}

const describe = ({ ref, tool, arguments: given, from }: Citation): string =>
  `[${ref}] ${tool} ${JSON.stringify(given)}${from ? ` from ${from.map((one) => `[${one}]`).join(' ')}` : ''}`
