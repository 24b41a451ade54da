import { list } from '../arguments.ts'
import { CliCommand } from '../CliCommand.ts'

export const gaps = () =>
  new CliCommand('gaps')
    .summary('list gaps in the stored data, with reasons')
    .argument('[coins...]', 'ids, tickers or names, such as bitcoin or BTC (default: all coins)')
    .description(
      'Lists the gaps in the stored data. A gap is: a bar missing between the first and the last one; a time without prices longer than three times their usual interval; missing trade numbers, if the source numbers its trades; for other trades, quotes and order books a time in which their source did not run or was disconnected; and data that a running source should have sent by now.',
    )
    .option('--coin <ids>', 'the same as naming coins', list)
    .option('--source <names>', 'only these sources, such as coingecko', list)
    .option('--currency <names>', 'only figures in these currencies, such as usd', list)
    .option('--type <type>', 'only records of this type, such as price, ohlcv or trade')
    .option('--timeframe <length>', 'only candles of this length, such as 1h')
    .option(
      '--from <time>',
      'only gaps after this time: 2026-01-31, ISO 8601, -7d, -1h30m, yesterday, today or now; in UTC unless it names a zone',
    )
    .option('--to <time>', 'only gaps before this time')
    .option('--limit <count>', 'most series (default: 100; at most 1000)')
    .printsRows()
    .note(
      'Reasons: stopped (the platform did not run), reconnect (the platform ran; the source did not, or was disconnected), provider (both ran, or the provider had no data), interrupted (a backfill did not end), unasked (before the source first ran).',
    )
    .note('A gap for which the provider had no data is tried again only by qicore backfill --gaps --retry.')
    .example('qicore gaps', 'all gaps')
    .example('qicore gaps --type trade', 'missing trades')
    .example('qicore gaps bitcoin --timeframe 1h --from 2026-01-01 --json', 'gaps of one series, for a program')
    .runs(() => import('../verbs/gaps.ts'))
