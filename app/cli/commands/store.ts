import { CliCommand } from '../CliCommand.ts'

const convert = () =>
  new CliCommand('convert')
    .summary('convert plain tables to hypertables')
    .description(
      'Converts the tables of a store that was set up without TimescaleDB to hypertables, with their rows. The extension is created if possible. It is one transaction: until it ends nobody can read or write the tables, and after a failure they are as before. Asks first, and refuses while a platform runs on the store.',
    )
    .option('--yes', 'do not ask')
    .note('The platform computes the rollups again. To go back to plain tables, start with an empty database.')
    .example('qicore store convert', 'list the tables, ask, convert')
    .example('qicore store convert --yes --json', 'for a script')
    .runs(() => import('../verbs/storeConvert.ts'))

export const store = () => {
  const group = new CliCommand('store')
    .summary('show the tables of the store: size, chunks, compression, retention, rollups')
    .description(
      'Shows the tables of the store: their layout and why, rows, size, retention, chunks and compression ratio (with TimescaleDB), and the lag of the rollups. The platform need not run.',
    )
    .printsRows()
    .note(
      'Retention and compression are set under `store:` in qicore.yaml, and applied when the platform starts: see docs/store.md.',
    )
    .example('qicore store', 'for people')
    .example('qicore store --json | jq \'.tables[] | select(.table == "trades").bytes\'', 'one figure for a script')
    .runs(() => import('../verbs/store.ts'))
  group.addCommand(convert())
  return group
}
