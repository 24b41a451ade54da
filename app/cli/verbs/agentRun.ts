import { setTimeout } from 'node:timers/promises'
import type { RunStatus, WorkflowRunner } from '../../../lib/src/base/agent/index.ts'
import { escapeHiddenInLines, QiError } from '../../../lib/src/base/types/index.ts'
import { withAgents } from '../agents.ts'
import { audited } from '../audited.ts'
import { nameValue } from '../nameValue.ts'
import type { Session } from '../session.ts'

export interface AgentRunInput {
  readonly agent: string
  readonly arguments: readonly string[]
  readonly workflow?: string
  readonly id?: string
}

const POLL_MS = 300

export async function run(session: Session, input: AgentRunInput): Promise<undefined> {
  const given = Object.fromEntries(input.arguments.map(nameValue))
  await withAgents(session, { observing: false }, async (host, store) => {
    const agent = await host.agent(input.agent)
    const workflow = input.workflow ?? 'main'
    const run = await audited(store, 'agent run', { agent: input.agent, workflow, ...given }, () =>
      agent.submit(workflow, given, input.id === undefined ? {} : { id: input.id }),
    )
    await session.remark(`run ${run.id}`)
    const following = new AbortController()
    const told = follow(session, host.runner, run.id, following.signal)
    try {
      const result = await session.unlessInterrupted(run.result)
      following.abort()
      await told
      await print(session, result)
    } catch (error) {
      if (session.signal.aborted)
        throw new QiError('CANCELLED', `interrupted: ${run.id} goes on in the platform, or at the next qicore agent run`)
      throw error
    } finally {
      following.abort()
    }
  })
}

/** Prints steps as they are done, and questions as they are asked. */
async function follow(session: Session, runner: WorkflowRunner, id: string, signal: AbortSignal): Promise<void> {
  const told = new Set<string>()
  const tell = async (status: RunStatus | undefined) => {
    for (const step of status?.steps ?? []) if (!told.has(step)) await session.remark(`  ${told.add(step) && step}`)
    for (const { step, question } of status?.questions ?? [])
      if (!told.has(question))
        await session.remark(`${told.add(question) && question}\n  qicore agent approve ${id} --step "${step}"`)
  }
  while (!signal.aborted) {
    await setTimeout(POLL_MS, undefined, { signal }).catch(() => {})
    await tell(await runner.status(id).catch(() => undefined))
  }
}

/** Prints the text of a result if it has one, else the whole result as JSON. */
async function print(session: Session, result: unknown): Promise<void> {
  const text = typeof result === 'object' && result !== null && 'text' in result ? result.text : result
  if (!session.json && typeof text === 'string') await session.out.line(escapeHiddenInLines(text))
  else await session.out.json(result)
}
