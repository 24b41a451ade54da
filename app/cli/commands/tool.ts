import { CliCommand } from '../CliCommand.ts'

export const tool = () =>
  new CliCommand('tool')
    .summary('call a tool, as an AI agent does')
    .description('Calls one tool by its name and prints its answer; without a name, lists the tools.')
    .argument('[name]', 'name of a tool, such as get_latest_prices')
    .argument('[arguments...]', 'each as name=value; a value may be JSON')
    .option('--yes', 'do not ask before something is destroyed')
    .printsRows()
    .note(
      'docs/reference/tools.md has every tool with its arguments. Before something is destroyed, the command asks on a terminal; without a terminal it refuses, unless --yes is given, or confirm=TOKEN with the token of the refusal.',
    )
    .example('qicore tool', 'list the tools')
    .example('qicore tool get_latest_prices coins=bitcoin,ethereum', 'the same answer that an agent gets')
    .example('qicore tool timeseries_query query=latest_prices --json', 'the structured answer')
    .runs(() => import('../verbs/tool.ts'))
