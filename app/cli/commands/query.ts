import { Option } from 'commander'
import { list } from '../arguments.ts'
import { CliCommand } from '../CliCommand.ts'

const filters = (command: CliCommand) =>
  command
    .option('--source <names>', 'only these sources, such as coingecko', list)
    .option('--currency <names>', 'only figures in these currencies, such as usd', list)
    .option('--simulated', 'also simulated rows of coins that have real ones')

const latest = () =>
  filters(
    new CliCommand('latest')
      .summary('show the latest price of each coin, source and currency')
      .argument('[coins...]', 'ids, tickers or names, such as bitcoin or BTC (default: all coins)')
      .description(
        'Shows the latest price of each coin, source and currency. Figures are grouped and shortened for people; --exact, --json and --csv have every digit. A simulated price is shown only for a coin without a real one.',
      ),
  )
    .addOption(
      new Option('--sort <by>', 'coin: by name; any other: the greatest first, unknown ones last')
        .choices(['coin', 'market_cap', 'volume_24h', 'change_24h_pct'])
        .default('market_cap'),
    )
    .option('--exact', 'all digits, ungrouped')
    .option('--limit <count>', 'most rows (default: 100; at most 1000)')
    .option('--after <cursor>', 'the page after an earlier one: its `next`')
    .printsRows()
    .example('qicore query latest', 'the largest coins first')
    .example('qicore query latest --sort change_24h_pct --limit 10', 'the ten greatest gainers')
    .example('qicore query latest bitcoin --currency usd,eur', 'one coin in two currencies')
    .example('qicore query latest --csv > prices.csv', 'for a spreadsheet')
    .example("qicore query latest bitcoin --json | jq -r '.items[0].price'", 'a figure for a script, digit by digit')
    .runs(() => import('../verbs/latest.ts'))

/** Adds the argument and options that name the candles of one series. */
const ofSeries = (command: CliCommand) =>
  command
    .argument('<coin>', 'id, ticker or name, such as bitcoin or BTC')
    .addOption(new Option('--timeframe <length>', 'the length of a candle: 1s … 45m, 1h … 12h, 1d … 1w').default('1h'))
    .option(
      '--from <time>',
      'candles that open at or after this time: 2026-01-31, ISO 8601, -7d, -1h30m, yesterday, today or now; in UTC unless it names a zone',
    )
    .option('--to <time>', 'candles that open before this time')
    .option('--source <name>', 'the source (default: the one with the most recent data, real before simulated)')
    .option('--currency <name>', 'the currency of the figures')

const candles = () =>
  ofSeries(
    new CliCommand('candles')
      .summary('show the candles of a coin')
      .description(
        "Shows the candles of one coin at one source in one currency, oldest first: the provider's where stored, else built from finer candles, trades or prices, as the column built from says.",
      ),
  )
    .option('--limit <count>', 'most candles, the latest of the range (default: 500; at most 10000)')
    .option('--fill', 'fill times without trades by bars that repeat the last close, marked filled')
    .printsRows()
    .example('qicore query candles BTC --from -1d', 'the last 24 hours, hour by hour')
    .example('qicore query candles bitcoin --timeframe 1d --from 2026-01-01 --json', 'days, for a program')
    .runs(() => import('../verbs/candles.ts'))

/** Adds what the commands of recent records share. */
const recent = (command: CliCommand) =>
  command
    .argument('<coin>', 'id, ticker or name, such as BTC/USDT or BTCUSDT')
    .option('--source <names>', 'only these sources, such as binance,kraken', list)
    .option('--currency <names>', 'only figures in these currencies, such as USDT', list)
    .option(
      '--from <time>',
      'records at or after this time: 2026-01-31, ISO 8601, -5m, yesterday, today or now; in UTC unless it names a zone',
    )
    .option('--to <time>', 'records before this time')
    .option('--limit <count>', 'most records, the latest of the range (default: 50; at most 10000)')
    .option('--simulated', 'also simulated and manual records where there are those of a venue')
    .printsRows()

const trades = () =>
  recent(
    new CliCommand('trades')
      .summary('show the latest trades of a coin')
      .description(
        'Shows the latest stored trades of one coin of all its sources, oldest first, with every digit. For a long range use qicore export trades.',
      ),
  )
    .example('qicore query trades BTC/USDT --from -5m', 'the last five minutes')
    .example('qicore query trades BTC/USDT --source binance --limit 1000 --csv', 'for a spreadsheet')
    .runs(() => import('../verbs/trades.ts'))

const quotes = () =>
  recent(
    new CliCommand('quotes')
      .summary('show the latest quotes of a coin')
      .description(
        'Shows the latest stored best bids and asks of one coin of all its sources, oldest first, with every digit. For a long range use qicore export quotes.',
      ),
  )
    .example('qicore query quotes BTC/USDT --from -1m', 'the last minute')
    .example('qicore query quotes BTC/USDT --source kraken --limit 1 --json', 'the current quote of one venue, for a program')
    .runs(() => import('../verbs/quotes.ts'))

const book = () =>
  new CliCommand('book')
    .summary('show the order book of a coin')
    .argument('<coin>', 'id, ticker or name, such as BTC/USDT or BTCUSDT')
    .description(
      'Shows the latest stored order book of one coin at one source: asks above bids, with the sizes summed up from the best price. It says how old the book is, and whether it was verified by a checksum or an unbroken sequence of the venue. For a long range use qicore export books.',
    )
    .option('--source <name>', 'the source (default: the one with the most recent book, real before simulated)')
    .option('--currency <name>', 'the currency of the figures')
    .option('--at <time>', 'the latest book at or before this time: ISO 8601, -5m, yesterday; in UTC unless it names a zone')
    .option('--levels <count>', 'most levels of each side (default: 20; at most 100)')
    .printsRows()
    .example('qicore query book BTC/USDT', 'the current book')
    .example('qicore query book BTC/USDT --source kraken --at -5m --levels 5', 'the best five levels five minutes ago')
    .example("qicore query book BTC/USDT --json | jq -r '.bids[0].price'", 'the best bid, digit by digit')
    .runs(() => import('../verbs/book.ts'))

const spread = () =>
  new CliCommand('spread')
    .summary('compare the best bid and ask of a pair between venues')
    .argument('<coin>', 'id, ticker or name, such as BTC/USDT; with --like also a base, such as BTC')
    .description(
      'Shows the latest quote of each venue with its spread, and the best bid minus the best ask across venues. Stale quotes are marked and left out of the best. Quotes in different currencies are never compared, except USD and USDT with --like.',
    )
    .option('--source <names>', 'only these sources, such as binance,kraken', list)
    .option('--max-age <seconds>', 'age after which a quote is stale (default: 60)')
    .option('--like', 'compare all spot pairs of the base in USD and USDT, as if one were worth the other')
    .option('--simulated', 'also simulated quotes where there are real ones')
    .printsRows()
    .example('qicore query spread BTC/USDT', 'each venue, and the best of all')
    .example('qicore query spread BTC --like --max-age 5', 'dollars and USDT together, by quotes of the last five seconds')
    .runs(() => import('../verbs/spread.ts'))

const compare = () =>
  new CliCommand('compare')
    .summary('compare the sources of an asset')
    .argument('<coin>', 'an asset, such as bitcoin or BTC, with its spot pairs; one pair, such as BTC/USDT; or a share')
    .description(
      'Shows the price of one asset at each of its sources, and how far each is from a reference in the same currency: now, and over the candles that both have wholly. Stale prices are marked and not compared. Figures in different currencies are never compared, except USD and USDT with --like.',
    )
    .option('--source <names>', 'only these sources, such as coingecko,binance', list)
    .option('--reference <source>', 'the source that the others are compared with (default: the one with the most recent data)')
    .option('--like', 'USD and USDT as if they were one currency')
    .addOption(new Option('--timeframe <length>', 'the length of a candle: 1s … 45m, 1h … 12h, 1d … 1w').default('1h'))
    .option(
      '--from <time>',
      'candles that open at or after this time: 2026-01-31, ISO 8601, -7d, yesterday, today or now; in UTC unless it names a zone',
    )
    .option('--to <time>', 'candles that open before this time')
    .option('--limit <count>', 'most candles of each series, the latest of the range (default: 168; at most 5000)')
    .option('--max-age <seconds>', 'age above which a price is stale (default: 600)')
    .option('--simulated', 'also simulated and manual series where there are those of a provider')
    .printsRows()
    .example('qicore query compare BTC --like', 'bitcoin at CoinGecko beside the pairs of exchanges, hour by hour')
    .example('qicore query compare AAPL:XNAS --timeframe 1d --from -1y --json', 'a share at two providers, for a program')
    .runs(() => import('../verbs/compare.ts'))

const summary = () =>
  filters(
    new CliCommand('summary')
      .summary('show the market as a whole')
      .description('Shows capitalisation, breadth, gainers and losers, from the latest stored records.'),
  )
    .option('--movers <count>', 'number of gainers and of losers (default: 5)')
    .printsRows()
    .example('qicore query summary --currency usd', 'the market in dollars')
    .runs(() => import('../verbs/summary.ts'))

const indicators = () =>
  ofSeries(
    new CliCommand('indicators')
      .summary('compute a technical indicator over the candles of a coin')
      .argument('<name>', 'sma, ema, rsi, macd, bollinger or vwap')
      .description('Computes an indicator over the candles of one series, in float64. docs/indicators.md has the formulas.'),
  )
    .option('--period <count>', 'for sma, ema, bollinger (default: 20) and rsi (default: 14), in candles')
    .option('--fast <count>', 'for macd, in candles (default: 12)')
    .option('--slow <count>', 'for macd, in candles (default: 26)')
    .option('--signal <count>', 'for macd, in candles (default: 9)')
    .option('--deviations <count>', 'for bollinger: standard deviations (default: 2)')
    .option('--anchor <where>', 'for vwap: start again each day or week, or once at the start of the range (default: day)')
    .option('--limit <count>', 'most values, the latest of the range (default: 500; at most 5000)')
    .printsRows()
    .example('qicore query indicators rsi bitcoin --limit 24', 'hour by hour')
    .example('qicore query indicators macd bitcoin --timeframe 1d --json', 'days, for a program')
    .runs(() => import('../verbs/indicators.ts'))

const anomalies = () =>
  ofSeries(
    new CliCommand('anomalies')
      .summary('find candles with an unusual return')
      .description('Finds candles whose return is far from the returns before it, by median and median absolute deviation.'),
  )
    .option('--window <count>', 'number of earlier returns to compare with (default: 60)')
    .option('--threshold <score>', 'the score above which a return is unusual (default: 5)')
    .option('--limit <count>', 'most candles examined, the latest of the range (default: 500; at most 5000)')
    .printsRows()
    .example('qicore query anomalies bitcoin --timeframe 1m', 'the last 500 minutes')
    .runs(() => import('../verbs/anomalies.ts'))

const health = () =>
  new CliCommand('health')
    .summary('check how fresh and complete the stored data is')
    .argument('[coin]', 'id, ticker or name, such as bitcoin or BTC (default: all coins)')
    .description(
      'Shows for each series: rows, age, expected and missing bars, gaps, late live rows, bars that are impossible or contradict finer data, and a status: ok, stale, gappy or flawed.',
    )
    .option('--source <name>', 'only this source')
    .option('--currency <name>', 'only figures in this currency')
    .option('--from <time>', 'start of the time that is checked (default: a day before --to)')
    .option('--to <time>', 'end of the time that is checked (default: now)')
    .option('--limit <count>', 'most series (default: 50; at most 200)')
    .option('--after <cursor>', 'the page after an earlier one: its `next`')
    .printsRows()
    .example('qicore query health bitcoin', 'the last day of all stored data of bitcoin')
    .runs(() => import('../verbs/dataHealth.ts'))

export const query = () => {
  const group = new CliCommand('query')
    .summary('read the store: latest prices, candles, trades, quotes, spreads, sources compared, the market, indicators, health')
    .description(
      'Reads stored data. The platform need not run: the embedded database is started for the query if necessary, and stopped after it.',
    )
  for (const command of [
    latest(),
    candles(),
    trades(),
    quotes(),
    book(),
    spread(),
    compare(),
    summary(),
    indicators(),
    anomalies(),
    health(),
  ])
    group.addCommand(command)
  return group
}
