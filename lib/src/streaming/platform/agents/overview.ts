import type { AgentDefinition, AgentStatus, BaseAgent, RunStatus, WorkflowRunner } from '../../../base/agent/index.ts'

/** One agent and its state in this process. */
export interface AgentOverview {
  readonly name: string
  readonly summary: string
  /** True if the configuration runs it by its schedules. */
  readonly scheduled: boolean
  /** Absent if it has not been started in this process. */
  readonly status?: AgentStatus
  /** Of an agent started here: its last runs in any process of the store, newest first. */
  readonly runs: readonly RunStatus[]
}

/** Most runs shown for each agent. */
const MOST_RUNS = 5

export interface OverviewParts {
  readonly definitions: Readonly<Record<string, AgentDefinition>>
  readonly scheduled: readonly string[]
  /** The agents that were started, and their runner. */
  readonly started?: { readonly agents: readonly BaseAgent[]; readonly runner: WorkflowRunner } | undefined
}

/** All agents, sorted by name. @throws QiError UNAVAILABLE */
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
