import { list } from '../arguments.ts'
import { CliCommand } from '../CliCommand.ts'

export const exportCommand = () =>
  new CliCommand('export')
    .summary('export stored history to CSV, NDJSON or Parquet files')
    .argument(
      '<kind>',
      'candles, prices, trades, quotes, books, ohlcv, market, trending, indicators, alerts, corporate_actions or observations',
    )
    .argument('[coins...]', 'ids, tickers or names, such as bitcoin or BTC (default: all coins; candles take exactly one)')
    .description(
      'Exports the stored records of a time range, series by series, with every digit. The file gets its name once it is complete. After an interruption the same command goes on from there. A second export into the same file or folder is refused while the first one runs.',
    )
    .option(
      '-o, --output <path>',
      'the file, such as btc.parquet, btc.csv or btc.ndjson.gz; with --partition the folder; - for the standard output',
    )
    .option('--format <name>', 'csv, ndjson or parquet (default: by the suffix of the file)')
    .option(
      '--from <time>',
      'records at or after this time: 2026-01-31, ISO 8601, -30d, -1h30m, yesterday, today or now; in UTC unless it names a zone',
    )
    .option('--to <time>', 'records before this time (default: now)')
    .option('--source <names>', 'only these sources, such as coingecko', list)
    .option('--currency <names>', 'only figures in these currencies, such as usd', list)
    .option('--timeframe <length>', 'for candles their length (default: 1h); for ohlcv and indicators only these lengths', list)
    .option('--name <names>', 'only indicators, alerts, corporate_actions or observations with these names', list)
    .option('--params <params>', 'only indicators with these parameters, such as period=14', list)
    .option('--simulated', 'also simulated and manual rows of coins that have rows of a provider')
    .option('--order <order>', 'series: one series after another (default); time: all series together, by time')
    .option('--partition <period>', 'a file for each series and day, month or year, in folders source=…/date=…')
    .option('--overwrite', 'replace existing files, and start an interrupted export again from its beginning')
    .note(
      'Candles are built as the chart shows them, for one coin, source and currency: from bars of the provider, or else from finer bars, trades or prices. ohlcv are the stored bars themselves, of any number of coins.',
    )
    .note('In Parquet figures are DECIMAL(38, 20); a column NAME_exact beside each has the text of figures that do not fit.')
    .example('qicore export prices bitcoin --from -30d -o btc.parquet', 'a month of prices')
    .example('qicore export candles BTC --timeframe 1m --from -365d -o btc.csv.gz', 'a year of minutes')
    .example('qicore export trades --partition day -o lake --format parquet', 'all trades, a file for each series and day')
    .runs(() => import('../verbs/export.ts'))
