import { Option } from 'commander'
import { list, positive } from '../arguments.ts'
import { CliCommand } from '../CliCommand.ts'

export const tail = () =>
  new CliCommand('tail')
    .summary('print records as they are appended to the stream')
    .argument('[types...]', 'record types or topics, such as price or crypto-prices (default: all record types)')
    .description('Prints records as they are appended to the stream, without joining a consumer group.')
    .addOption(new Option('--from <where>', 'where to begin').choices(['earliest', 'latest']).default('latest'))
    .option('--coins <ids>', 'only records of these coins, by id, ticker or name', list)
    .option('-n, --count <count>', 'end after this many records', positive)
    .option('--until-end', 'end after the last record that the stream holds now')
    .printsRows()
    .note(
      'With --json or --csv each line is one record as it is in the topic, with topic, partition and offset. Fields of a later version are in --json alone.',
    )
    .example('qicore tail price --coins bitcoin', 'each new price of a coin')
    .example('qicore tail --from earliest --until-end --json > records.ndjson', 'all records of the stream')
    .example('qicore tail trade --json | head -100', 'the next hundred trades')
    .runs(() => import('../verbs/tail.ts'))
