import { CliCommand } from '../CliCommand.ts'

export const find = () =>
  new CliCommand('find')
    .summary('find instruments by ticker, name or id')
    .argument('<text>', 'a ticker, a name or an id, or a part of one')
    .description(
      'Finds instruments that a source lists or that have stored records. Other commands take the ids that it prints. The rank is by market capitalisation, among stored coins.',
    )
    .option('--source <name>', 'only instruments of this source')
    .option('--stored', 'only instruments that have stored records')
    .option('--limit <count>', 'most rows (default: 20; at most 1000)')
    .printsRows()
    .example('qicore find btc', 'all instruments that BTC may mean')
    .example('qicore find bitcoin --stored --json', 'for a program')
    .runs(() => import('../verbs/find.ts'))
