import { CliCommand } from '../CliCommand.ts'

export const store = () =>
  new CliCommand('store')
    .summary('how large the store is: tables, chunks, compression, retention, rollups')
    .description(
      'The tables of the store: rows, size, chunks and what compression saves where TimescaleDB is there, how long each is kept, and how far the rollups are behind. The platform need not run.',
    )
    .note('Policies are set under `store:` in qicore.yaml, and applied when the platform starts: see docs/store.md.')
    .example('qicore store', 'for people')
    .example('qicore store --json | jq \'.tables[] | select(.table == "trades").bytes\'', 'one figure for a script')
    .runs(() => import('../verbs/store.ts'))
