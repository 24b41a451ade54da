import type { AgentDefinition, AgentStatus, BaseAgent, RunStatus, WorkflowRunner } from '../../../base/index.ts'

/** One agent, and what it does in this process. */
export interface AgentOverview {
  readonly name: string
  readonly summary: string
  /** Whether the configuration has it work by its schedules. */
  readonly scheduled: boolean
  /** Absent where it has not been started in this process. */
  readonly status?: AgentStatus
  /** Of an agent that was started here the last runs in any process of the store, newest first. */
  readonly runs: readonly RunStatus[]
}

/** Of each agent. */
const MOST_RUNS = 5

export interface OverviewParts {
  readonly definitions: Readonly<Record<string, AgentDefinition>>
  readonly scheduled: readonly string[]
  /** What was started, and what carries it out. */
  readonly started?: { readonly agents: readonly BaseAgent[]; readonly runner: WorkflowRunner } | undefined
}

/** All agents there are, by name. @throws QiError UNAVAILABLE */
export function overviewOf({ definitions, scheduled, started }: OverviewParts): Promise<readonly AgentOverview[]> {
  const agents = Object.values(definitions).map(async ({ name, summary }): Promise<AgentOverview> => {
    const known = { name, summary, scheduled: scheduled.includes(name) }
    const agent = started?.agents.find((one) => one.name === name)
    return started && agent
      ? { ...known, status: agent.status(), runs: await runsOf(agent, started.runner) }
      : { ...known, runs: [] }
  })
  return Promise.all(agents).then((all) => all.sort((a, b) => (a.name < b.name ? -1 : 1)))
}

async function runsOf(agent: BaseAgent, runner: WorkflowRunner): Promise<readonly RunStatus[]> {
  const workflows = Object.values(agent.workflows).map(({ name }) => name)
  const runs = await Promise.all(workflows.map((workflow) => runner.list({ workflow, limit: MOST_RUNS })))
  return runs
    .flat()
    .sort((a, b) => b.startedAt - a.startedAt)
    .slice(0, MOST_RUNS)
}
