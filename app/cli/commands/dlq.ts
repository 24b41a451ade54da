import { list, positive } from '../arguments.ts'
import { CliCommand } from '../CliCommand.ts'

const listing = () =>
  new CliCommand('list')
    .summary('the newest dead letters, and why')
    .description(
      'The newest dead letters, oldest first: each with its id, the stage and the destination that gave it up, and the reason.',
    )
    .option('--topic <topic>', 'only of this topic or record type, such as crypto-prices or price')
    .option('--destination <name>', 'only what this destination refused or did not get')
    .option('--limit <count>', 'most entries, the newest (default: 100)', positive)
    .option('--pending', 'only what has not been replayed')
    .example('qicore dlq list', 'all of them')
    .example('qicore dlq list --topic price --pending --json > letters.json', 'the same, to be mended in an editor')
    .runs(() => import('../verbs/dlqList.ts'))

const replay = () =>
  new CliCommand('replay')
    .summary('put dead letters back into their topics')
    .description(
      'Puts dead letters back into their topics: as they are, by id, or mended, from a file. What a destination refused goes to that destination alone. What still is no valid record is refused, and the exit code is 1.',
    )
    .option('--id <ids>', 'as they are; may be repeated', list)
    .option('--from <file>', 'mended: what dlq list --json printed, edited; - is stdin')
    .note(
      'To mend: qicore dlq list --pending --json > letters.json; correct `value` of the entries, delete the entries that stay as they are; qicore dlq replay --from letters.json. Replaying twice is harmless: a record is stored by its primary key.',
    )
    .example('qicore dlq replay --id crypto-prices.dlq/0/12', 'one, as it is')
    .example('qicore dlq replay --from letters.json', 'the mended file')
    .runs(() => import('../verbs/dlqReplay.ts'))

export const dlq = () => {
  const group = new CliCommand('dlq')
    .summary('dead letters: list, mend, replay')
    .description(
      'Dead letters: records that could not be published or delivered. They lie in `<topic>.dlq`, with their reason, until they are mended.',
    )
  for (const command of [listing(), replay()]) group.addCommand(command)
  return group
}
