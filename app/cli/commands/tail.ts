import { Option } from 'commander'
import { list, positive } from '../arguments.ts'
import { CliCommand } from '../CliCommand.ts'

export const tail = () =>
  new CliCommand('tail')
    .summary('watch records as they pass through the stream')
    .argument('[types...]', 'record types or topics, such as price or crypto-prices; everything when left out')
    .description('Prints records as they are appended to the stream, without taking part in any consumer group.')
    .addOption(new Option('--from <where>', 'where to begin').choices(['earliest', 'latest']).default('latest'))
    .option('--coins <ids>', 'only records of these coins', list)
    .option('-n, --count <count>', 'end after that many records', positive)
    .option('--until-end', 'end when all that the stream holds now has been printed')
    .note('With --json each line is one record as on the wire, with its topic, partition and offset.')
    .example('qicore tail price --coins bitcoin', 'each new price of a coin')
    .example('qicore tail --from earliest --until-end --json > records.ndjson', 'everything the stream holds')
    .example('qicore tail trade --json | head -100', 'the next hundred trades')
    .runs(() => import('../verbs/tail.ts'))
