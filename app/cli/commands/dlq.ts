import { list, positive } from '../arguments.ts'
import { CliCommand } from '../CliCommand.ts'

const listing = () =>
  new CliCommand('list')
    .summary('list the newest dead letters, with reasons')
    .description(
      'Lists the newest dead letters, oldest first: each with its id, the stage and destination that failed, and the reason.',
    )
    .option('--topic <topic>', 'only letters of this topic or record type, such as crypto-prices or price')
    .option('--destination <name>', 'only letters of this destination')
    .option('--limit <count>', 'most letters, the newest (default: 100)', positive)
    .option('--pending', 'only letters that have not been replayed')
    .printsRows()
    .example('qicore dlq list', 'the newest letters')
    .example('qicore dlq list --topic price --pending --json > letters.json', 'a file to correct in an editor')
    .runs(() => import('../verbs/dlqList.ts'))

const replay = () =>
  new CliCommand('replay')
    .summary('put dead letters back into their topics')
    .description(
      'Puts dead letters back into their topics: by id as they are, or corrected from a file. A letter that a destination refused goes to that destination alone. A letter that still is no valid record is refused, and the exit code is 1.',
    )
    .option('--id <ids>', 'replay these letters as they are; may be repeated', list)
    .option('--from <file>', 'replay corrected letters: the edited output of dlq list --json; - is stdin')
    .note(
      'To correct letters: qicore dlq list --pending --json > letters.json; correct `value` of the entries, and delete the other entries; qicore dlq replay --from letters.json. Replaying twice is harmless: the store keeps one row for each primary key.',
    )
    .example('qicore dlq replay --id crypto-prices.dlq/0/12', 'one letter as it is')
    .example('qicore dlq replay --from letters.json', 'a corrected file')
    .runs(() => import('../verbs/dlqReplay.ts'))

export const dlq = () => {
  const group = new CliCommand('dlq')
    .summary('dead letters: list, correct, replay')
    .description(
      'Dead letters are records that could not be published or delivered. They are kept in `<topic>.dlq`, each with its reason.',
    )
  for (const command of [listing(), replay()]) group.addCommand(command)
  return group
}
