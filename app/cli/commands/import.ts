import { atLeastZero, list } from '../arguments.ts'
import { CliCommand } from '../CliCommand.ts'

export const importCommand = () =>
  new CliCommand('import')
    .summary('import files: archives of venues, CSV, NDJSON, Parquet, exports of the platform')
    .argument('<paths...>', 'files, folders or patterns, such as data/*.zip; packed by zip or gzip, or not')
    .description(
      'Imports records from files on the way of all records, with every digit and the origin backfill. Interrupted at any time, also by kill -9, the same command goes on from there. A row that is refused costs none of the others: qicore dlq list shows it with file, line and reason.',
    )
    .requiredOption(
      '--format <name>',
      'the form of the files: binance-vision, kraken, tardis, csv, ndjson, parquet or qicore (exports of the platform)',
    )
    .option('--source <name>', 'the source of the records (default: the venue of the format)')
    .option('--coin <id>', 'the instrument of all files, such as BTC/USDT')
    .option('--symbol <pairs>', "instruments by the venue's symbol, such as BTCUSDT=BTC/USDT", list)
    .option('--currency <name>', 'the currency of the figures (default: the quote of the instrument)')
    .option(
      '--until <time>',
      'the moment up to which the files reach: candles that end later are not final (default: by the name of each file)',
    )
    .option(
      '--record <type>',
      'of csv, ndjson and parquet: the record type (default: by the name of each file, such as price.csv)',
    )
    .option(
      '--columns <names>',
      'the fields that columns hold, such as Date=time,Price=price; with --no-header the list of all columns',
      list,
    )
    .option('--set <fields>', 'fields that the files lack, such as timeframe=1d', list)
    .option('--no-header', 'CSV without a line that names the columns')
    .option('--skip-lines <n>', 'lines to skip at the beginning of each file', atLeastZero)
    .option('--delimiter <character>', 'what separates the columns of CSV (default: a comma)')
    .option('--nulls <words>', 'words for an empty cell, such as null,NaN', list)
    .option(
      '--time-format <name>',
      'how the files write times: iso, d-m-y, m/d/y, seconds, milliseconds, microseconds, nanoseconds or epoch (the unit by the size)',
    )
    .option('--stamped <end>', 'the time of a candle: its open (default) or close')
    .option('--force', 'take files that do not have the checksum of the file .CHECKSUM beside them')
    .option('--again', 'import files again that are imported')
    .option('--dry-run', 'read and count, and store nothing')
    .note(
      'A symbol such as BTCUSDT does not tell where its base ends. It is looked up among the instruments that the store lists of the source; where they are not known, --symbol or --coin names it.',
    )
    .note(
      'While a platform runs, the platform stores the records; otherwise this command does. On a terminal one line shows the progress; elsewhere a line is printed every ten seconds. With --json each event is an object: progress, failure, notice, done.',
    )
    .example('qicore import BTCUSDT-trades-2024-08-08.zip --format binance-vision --coin BTC/USDT', 'a day of trades')
    .example('qicore import Kraken_OHLCVT.zip --format kraken --symbol XBTUSD=BTC/USD,ETHUSD=ETH/USD', 'candles of two pairs')
    .example(
      'qicore import prices.csv --format csv --record price --columns Date=time,Close=price --coin BTC/USD --source my-desk',
      'a table of prices',
    )
    .runs(() => import('../verbs/import.ts'))
