import { CliCommand } from '../CliCommand.ts'

const convert = () =>
  new CliCommand('convert')
    .summary('make hypertables of plain tables')
    .description(
      'Makes hypertables of the tables of a store that was set up without TimescaleDB, with all that they hold. The extension is created where it can be. It is one transaction: until it ends nobody can read or write the tables, and a failure leaves them as they were. It is asked first, and refused while a platform runs on the store.',
    )
    .option('--yes', 'do not ask')
    .note('Rollups are made again by the platform. The way back is an empty database.')
    .example('qicore store convert', 'show what there is to convert, ask, convert')
    .example('qicore store convert --yes --json', 'for a script')
    .runs(() => import('../verbs/storeConvert.ts'))

export const store = () => {
  const group = new CliCommand('store')
    .summary('how large the store is: tables, chunks, compression, retention, rollups')
    .description(
      'The tables of the store: their layout and why, rows, size, chunks and what compression saves where TimescaleDB is there, how long each is kept, and how far the rollups are behind. The platform need not run.',
    )
    .note('Policies are set under `store:` in qicore.yaml, and applied when the platform starts: see docs/store.md.')
    .example('qicore store', 'for people')
    .example('qicore store --json | jq \'.tables[] | select(.table == "trades").bytes\'', 'one figure for a script')
    .runs(() => import('../verbs/store.ts'))
  group.addCommand(convert())
  return group
}
