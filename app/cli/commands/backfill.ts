import { list } from '../arguments.ts'
import { CliCommand } from '../CliCommand.ts'

export const backfill = () =>
  new CliCommand('backfill')
    .summary('fill gaps, or take history from any date')
    .argument('[coins...]', "the source's ids, such as bitcoin; with --gaps all coins when left out")
    .description(
      'Takes history from a provider: of the coins named from --from on, or with --gaps whatever is missing. What is held already is not asked for; what the provider has nothing of is remembered and not asked for again. It keeps the rate limit that all processes share.',
    )
    .option('--gaps', 'fill what qicore gaps lists')
    .option('--from <time>', 'where to begin: 2026-01-31 or ISO 8601, in UTC unless it names a zone')
    .option('--to <time>', 'where to end (default: now)')
    .option('--timeframe <length>', 'candles of this length, such as 1h (default: prices)')
    .option('--every <length>', 'prices about so far apart, such as 1d (default: as close as the provider gives them)')
    .option(
      '--type <type>',
      'the record type: price, ohlcv, trade …; with --gaps only those (default: candles with --timeframe, else prices)',
    )
    .option('--source <name>', 'the source (default: the first that is set and gives history, else coingecko)')
    .option('--currency <names>', "the currencies (default: the source's first)", list)
    .option('--retry', 'ask again for what the provider had nothing of')
    .note(
      'It can be stopped at any time, also by kill -9: the same command goes on where it was. The platform may run meanwhile, and then stores what comes; where it does not, this command does.',
    )
    .note(
      'On a terminal a line shows how far it is; elsewhere a line after each tenth. With --json each call is an object: started, window, notice, done.',
    )
    .example('qicore backfill bitcoin ethereum --from 2026-01-01', 'prices of this year')
    .example('qicore backfill bitcoin --timeframe 4h --from 2026-01-01', 'candles')
    .example('qicore backfill --gaps', 'everything that is missing and can be had')
    .example('qicore backfill --gaps --type trade', 'trades that are missing')
    .runs(() => import('../verbs/backfill.ts'))
