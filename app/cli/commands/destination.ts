import { CliCommand } from '../CliCommand.ts'

const list = () =>
  new CliCommand('list')
    .summary('the destinations of the configuration')
    .description(
      'Every destination: its type, and the record types that are brought there without a pipeline. The platform need not run, and nothing is opened.',
    )
    .example('qicore destination list', 'all of them')
    .runs(() => import('../verbs/destinationList.ts'))

const check = () =>
  new CliCommand('check')
    .summary('open destinations and try whether they take records')
    .description(
      'Opens each destination as its deliveries do, and exercises it; no record is written. Exit code 1 says that one of them does not work.',
    )
    .argument('[name]', 'of a destination; all of them where it is left out')
    .example('qicore destination check lake', 'one of them')
    .example('qicore destination check --json | jq \'.checks[] | select(.verdict == "failed")\'', 'for a script')
    .runs(() => import('../verbs/destinationCheck.ts'))

export const destination = () => {
  const all = new CliCommand('destination')
    .summary('destinations: list, check')
    .description('Destinations are where pipelines bring records: the store, and those under `destinations:` in qicore.yaml.')
  for (const command of [list(), check()]) all.addCommand(command)
  return all
}
