import { list } from '../arguments.ts'
import { CliCommand } from '../CliCommand.ts'

export const gaps = () =>
  new CliCommand('gaps')
    .summary('what is missing, why, and whether it can be filled')
    .argument('[coins...]', "the source's ids, such as bitcoin; all coins when left out")
    .description(
      'Lists the holes in what is stored: bars that are missing between the first and the last, silences of prices longer than three times their usual distance, numbers of trades that are missing where a source numbers them without a gap, of other trades and quotes the time in which their source did not run or was cut off, and what should have come by now from a source that runs.',
    )
    .option('--coin <ids>', 'the same as naming coins', list)
    .option('--source <names>', 'only these sources, such as coingecko', list)
    .option('--currency <names>', 'only figures in these currencies, such as usd', list)
    .option('--type <type>', 'only records of this type, such as price, ohlcv or trade')
    .option('--timeframe <length>', 'only candles of this length, such as 1h')
    .option('--from <time>', 'only gaps after it: 2026-01-31 or ISO 8601, in UTC unless it names a zone')
    .option('--to <time>', 'only gaps before it')
    .option('--limit <count>', 'most series (default: 100; at most 1000)')
    .note(
      'Reasons: stopped (the platform did not run), reconnect (it ran, the source did not or was cut off), provider (both ran, or the provider was asked in vain), interrupted (a backfill did not end), unasked (before the source first ran).',
    )
    .note('What the provider was asked for in vain is not asked for again, unless by qicore backfill --gaps --retry.')
    .example('qicore gaps', 'everything that is missing')
    .example('qicore gaps --type trade', 'trades that are missing')
    .example('qicore gaps bitcoin --timeframe 1h --from 2026-01-01 --json', 'of one series, for a program')
    .runs(() => import('../verbs/gaps.ts'))
