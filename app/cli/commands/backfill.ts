import { list } from '../arguments.ts'
import { CliCommand } from '../CliCommand.ts'

export const backfill = () =>
  new CliCommand('backfill')
    .summary('fill gaps, or fetch history from any date')
    .argument('[coins...]', 'ids, tickers or names, such as bitcoin or BTC; with --gaps all coins when left out')
    .description(
      'Fetches history from a provider: of the named coins since --from, or with --gaps everything that is missing. Data that is stored already is not fetched again. Where the provider has no data, that is stored, and it is not asked again. The rate limit that all processes share is kept.',
    )
    .option('--gaps', 'fill the gaps that qicore gaps lists')
    .option(
      '--from <time>',
      'where to begin: 2026-01-31, ISO 8601, -7d, -1h30m, yesterday, today or now; in UTC unless it names a zone',
    )
    .option('--to <time>', 'where to end (default: now)')
    .option('--timeframe <length>', 'candles of this length, such as 1h (default: prices)')
    .option('--every <length>', 'the distance between prices, such as 1d (default: as close as the provider gives them)')
    .option(
      '--type <type>',
      'the record type: price, ohlcv, trade …; with --gaps only this type (default: ohlcv with --timeframe, else price)',
    )
    .option('--source <name>', 'the source (default: the first one set that gives history, else coingecko)')
    .option('--currency <names>', "the currencies (default: the source's first)", list)
    .option(
      '--from-files <folder>',
      "first import what the folder has of it: the archives of the source's venue, as qicore import reads them",
    )
    .option('--retry', 'ask the provider again where it had no data')
    .note(
      'It can be stopped at any time, also by kill -9: the same command goes on from there. While a platform runs, the platform stores the records; otherwise this command does.',
    )
    .note(
      'On a terminal one line shows the progress; elsewhere a line is printed after each tenth. With --json each event is an object: started, window, notice, done.',
    )
    .example('qicore backfill bitcoin ethereum --from -30d', 'prices of the last 30 days')
    .example('qicore backfill bitcoin --timeframe 4h --from 2026-01-01', 'candles')
    .example('qicore backfill --gaps', 'all gaps that can be filled')
    .example('qicore backfill --gaps --type trade', 'missing trades')
    .runs(() => import('../verbs/backfill.ts'))
