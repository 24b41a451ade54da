import { CliCommand } from '../CliCommand.ts'

const list = () =>
  new CliCommand('list')
    .summary('list the configured destinations')
    .description(
      'Lists every destination: its type, and the record types that it gets without a pipeline. No destination is opened, and the platform need not run.',
    )
    .printsRows()
    .example('qicore destination list', 'all destinations')
    .runs(() => import('../verbs/destinationList.ts'))

const check = () =>
  new CliCommand('check')
    .summary('check that destinations can take records')
    .description(
      'Opens each destination as a delivery does, and tries it without writing a record. The exit code is 1 if one of them does not work.',
    )
    .argument('[name]', 'name of a destination (default: all)')
    .example('qicore destination check lake', 'one destination')
    .example('qicore destination check --json | jq \'.checks[] | select(.verdict == "failed")\'', 'for a script')
    .runs(() => import('../verbs/destinationCheck.ts'))

const test = () =>
  new CliCommand('test')
    .summary('send a test message to a destination')
    .description(
      'Opens a destination as a delivery does, and sends a test message or a signed ping, no record. A type that has no test message is checked instead. The exit code is 1 if the message did not arrive. The call is in the audit log.',
    )
    .argument('<name>', 'name of a destination')
    .example('qicore destination test hook', 'a signed ping to a webhook')
    .runs(() => import('../verbs/destinationTest.ts'))

const compact = () =>
  new CliCommand('compact')
    .summary('merge the segments of each past day into one sorted file')
    .description(
      'Merges the segments of each past day into one sorted file without duplicates, in a folder beside them; the segments stay. A day that got more segments since is merged again. After Ctrl-C the same command goes on from there. The exit code is 1 if a day failed. The call is in the audit log.',
    )
    .argument('<name>', 'name of a destination that keeps segments')
    .option(
      '--before <date>',
      'only days before this one, such as 2026-01-31, yesterday or -30d (default: days that ended compact.after ago, or 1d)',
    )
    .example('qicore destination compact lake', 'all past days')
    .example('qicore destination compact lake --before 2026-02-01', 'days up to the end of January')
    .runs(() => import('../verbs/destinationCompact.ts'))

export const destination = () => {
  const all = new CliCommand('destination')
    .summary('destinations: list, check, test, compact')
    .description('Pipelines deliver records to destinations: the store, and those under `destinations:` in qicore.yaml.')
  for (const command of [list(), check(), test(), compact()]) all.addCommand(command)
  return all
}
