import { CliCommand } from '../CliCommand.ts'

export const sql = () =>
  new CliCommand('sql')
    .summary('run one SELECT on the store, read-only')
    .argument('<statement>', 'one SELECT, in quotes; - reads it from stdin')
    .description(
      'Runs one SELECT on the tables of the store (PostgreSQL), in a role that can only read, with limits on time, memory and files: the same rules as for tools, see docs/security.md. The platform need not run.',
    )
    .option('--limit <count>', 'most rows (default: 1000; at most 100000)')
    .option('--timeout <seconds>', 'longest time of the statement (default: 9; at most 9)')
    .printsRows()
    .note('A value longer than 20,000 characters is cut. --json prints {columns, rows, more}; figures are text with every digit.')
    .example("qicore sql 'select coin_id, price from crypto_prices order by time desc limit 5'", 'a table')
    .example("qicore sql 'select * from ohlcv_data' --csv > candles.csv", 'for a spreadsheet')
    .example('qicore sql - < question.sql', 'from a file')
    .runs(() => import('../verbs/sql.ts'))
