import { positive } from '../arguments.ts'
import { CliCommand } from '../CliCommand.ts'

const list = () =>
  new CliCommand('list')
    .summary('list the agents, and which of them run on a schedule')
    .description('Lists every agent: what it does, and whether it runs on its schedules while the platform runs (agents.run).')
    .printsRows()
    .example('qicore agent list', 'all agents')
    .runs(() => import('../verbs/agentList.ts'))

const run = () =>
  new CliCommand('run')
    .summary('run a workflow of an agent now')
    .description(
      'Runs a workflow of an agent and prints its result. Each step is stored: after a kill or Ctrl-C the run goes on in the platform, or at the next qicore agent run.',
    )
    .argument('<agent>', 'name of the agent')
    .argument('[arguments...]', 'the input, each as name=value; a value may be JSON')
    .option('--workflow <name>', 'which of its workflows (default: main)')
    .option('--id <id>', 'an id of your own for the run; a run with this id is started once')
    .example('qicore agent run crypto-market', 'its main workflow')
    .example('qicore agent run crypto-market coins=bitcoin --json', 'with an input, for a program')
    .runs(() => import('../verbs/agentRun.ts'))

const status = () =>
  new CliCommand('status')
    .summary('show the runs of agents, or one run')
    .description('Shows the runs of workflows, newest first; or one run with its steps and its questions.')
    .argument('[run]', 'the id of a run')
    .option('--limit <n>', 'most runs to show (default: 20)', positive)
    .printsRows()
    .example('qicore agent status', 'the last runs')
    .runs(() => import('../verbs/agentStatus.ts'))

const approve = () =>
  new CliCommand('approve')
    .summary('answer a run that asks for approval')
    .description(
      'Approves the step that a run asks about, or refuses it with --refuse. A refusal undoes the steps that the run has done.',
    )
    .argument('<run>', 'the id of a run that waits for approval')
    .option('--step <step>', 'the step, if the run asks about several')
    .option('--refuse', 'refuse the step')
    .option('--note <text>', 'the reason, kept with the answer')
    .example('qicore agent approve data-quality-3f9c01ab24de', 'approve')
    .runs(() => import('../verbs/agentApprove.ts'))

const cancel = () =>
  new CliCommand('cancel')
    .summary('end a run before its next step')
    .description('Ends a run before its next step. Steps that are done stay done.')
    .argument('<run>', 'the id of a run')
    .example('qicore agent cancel data-quality-3f9c01ab24de', 'end this run')
    .runs(() => import('../verbs/agentCancel.ts'))

const ask = () =>
  new CliCommand('ask')
    .summary('ask a language model about the market')
    .description(
      'A language model answers by calling tools that read the store. Each figure of the answer is checked against the answers of the tools, and cited. If a figure is in none of them, the command says so and the exit code is 1. Needs a model (llm in qicore.yaml).',
    )
    .argument('<question...>', 'the question, in your own words')
    .option('--agent <name>', 'use only the tools of this agent')
    .example('qicore agent ask "how did bitcoin do this week?"', 'the answer, with the queries behind its figures')
    .runs(() => import('../verbs/agentAsk.ts'))

export const agent = () => {
  const group = new CliCommand('agent')
    .summary('agents: list, run, ask, show runs, approve, cancel')
    .description(
      'Agents work on stored and streamed data, in workflows whose steps are stored. docs/agents.md describes each agent.',
    )
  for (const command of [list(), run(), ask(), status(), approve(), cancel()]) group.addCommand(command)
  return group
}
