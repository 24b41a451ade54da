import { positive } from '../arguments.ts'
import { CliCommand } from '../CliCommand.ts'

const listed = () =>
  new CliCommand('list')
    .summary('the agents that there are, and which work by themselves')
    .description('Every agent, what it does, and whether it works by its schedules while the platform runs (agents.run).')
    .example('qicore agent list', 'which there are')
    .runs(() => import('../verbs/agentList.ts'))

const run = () =>
  new CliCommand('run')
    .summary('have an agent do something now')
    .description(
      'Has a workflow of an agent carried out and prints what it gave. Each step is kept: what a kill or Ctrl-C interrupts goes on in the platform, or at the next agent run.',
    )
    .argument('<agent>', 'its name')
    .argument('[arguments...]', 'the input, each as name=value; a value may be JSON')
    .option('--workflow <name>', 'which of its workflows (default: main)')
    .option('--id <id>', 'a name of your own for the run; one that was started before under it is not started again')
    .example('qicore agent run crypto-market', 'what it does when nothing else is said')
    .example('qicore agent run crypto-market coins=bitcoin --json', 'with an input, for a program')
    .runs(() => import('../verbs/agentRun.ts'))

const status = () =>
  new CliCommand('status')
    .summary('what the agents did and do')
    .description('The runs of workflows, newest first, or one of them with its steps and what it asks.')
    .argument('[run]', 'the id of a run')
    .option('--limit <n>', 'most runs (default: 20)', positive)
    .example('qicore agent status', 'the last runs')
    .runs(() => import('../verbs/agentStatus.ts'))

const approve = () =>
  new CliCommand('approve')
    .summary('answer a run that asks for approval')
    .description('Agrees to what a run asks, or refuses it with --refuse; a refusal undoes what the run has done.')
    .argument('<run>', 'the id of a run that waits')
    .option('--step <step>', 'which question, where it asks several')
    .option('--refuse', 'do not agree')
    .option('--note <text>', 'why')
    .example('qicore agent approve data-quality-3f9c01ab24de', 'agree')
    .runs(() => import('../verbs/agentApprove.ts'))

const cancel = () =>
  new CliCommand('cancel')
    .summary('end a run before its next step')
    .description('Ends a run; what it has done stays done.')
    .argument('<run>', 'the id of a run')
    .example('qicore agent cancel data-quality-3f9c01ab24de', 'end it')
    .runs(() => import('../verbs/agentCancel.ts'))

const ask = () =>
  new CliCommand('ask')
    .summary('have a question about the market answered in words')
    .description(
      'A language model answers by calling tools that read the store. Each figure of the answer is looked up in what they gave and cited; where one is in no answer of a tool, the command says so and ends with 1. Needs a model (llm in qicore.yaml).',
    )
    .argument('<question...>', 'in your words')
    .option('--agent <name>', 'with the tools that this agent may use')
    .example('qicore agent ask "how did bitcoin do this week?"', 'the answer, and the queries that its figures came from')
    .runs(() => import('../verbs/agentAsk.ts'))

export const agent = () => {
  const group = new CliCommand('agent')
    .summary('agents: list them, have them work, see what they did, answer them')
    .description(
      'Agents do work on what is stored and streamed, by workflows whose steps are kept. docs/agents.md tells of each.',
    )
  for (const command of [listed(), run(), ask(), status(), approve(), cancel()]) group.addCommand(command)
  return group
}
