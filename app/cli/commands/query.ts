import { Option } from 'commander'
import { list } from '../arguments.ts'
import { CliCommand } from '../CliCommand.ts'

const filters = (command: CliCommand) =>
  command
    .option('--source <names>', 'only these sources, such as coingecko', list)
    .option('--currency <names>', 'only figures in these currencies, such as usd', list)
    .option('--simulated', 'also the simulated rows of what has real ones')

const latest = () =>
  filters(
    new CliCommand('latest')
      .summary('the latest price of each coin, source and currency')
      .argument('[coins...]', "the source's ids, such as bitcoin; all coins when left out")
      .description(
        'The latest price of each coin, source and currency, exactly as stored. A simulated price is shown only where there is no real one.',
      ),
  )
    .option('--limit <count>', 'most rows (default: 100; at most 1000)')
    .option('--after <cursor>', 'go on behind an earlier page: the `next` that it gave')
    .example('qicore query latest', 'every coin')
    .example('qicore query latest bitcoin --currency usd,eur', 'one coin in two currencies')
    .example("qicore query latest bitcoin --json | jq -r '.items[0].price'", 'a figure for a script, digit by digit')
    .runs(() => import('../verbs/latest.ts'))

const candles = () =>
  new CliCommand('candles')
    .summary('the candles of a coin')
    .argument('<coin>', "the source's id, such as bitcoin")
    .description(
      "The candles of one coin at one source in one currency, oldest first: the provider's where held, else built from finer ones or from prices, and said so.",
    )
    .addOption(new Option('--timeframe <length>', 'the length of a candle: 1s … 45m, 1h … 12h, 1d … 1w').default('1h'))
    .option('--from <time>', 'candles that open at or after it: 2026-01-31 or ISO 8601, in UTC unless it names a zone')
    .option('--to <time>', 'candles that open before it')
    .option('--source <name>', 'the source (default: the one with the most recent data, real before simulated)')
    .option('--currency <name>', 'the currency of the figures')
    .option('--limit <count>', 'most candles, the latest of the range (default: 500; at most 10000)')
    .option('--fill', 'also bars that repeat the last close where nothing happened between two candles, marked filled')
    .example('qicore query candles bitcoin --limit 24', 'the last 24 hours, hour by hour')
    .example('qicore query candles bitcoin --timeframe 1d --from 2026-01-01 --json', 'days, for a program')
    .runs(() => import('../verbs/candles.ts'))

const summary = () =>
  filters(
    new CliCommand('summary')
      .summary('the market as a whole')
      .description('Capitalisation, breadth, gainers and losers, from the latest of what is stored.'),
  )
    .option('--movers <count>', 'how many gainers and losers (default: 5)')
    .example('qicore query summary --currency usd', 'the market in dollars')
    .runs(() => import('../verbs/summary.ts'))

const ofSeries = (command: CliCommand) =>
  command
    .argument('<coin>', "the source's id, such as bitcoin")
    .addOption(new Option('--timeframe <length>', 'the length of a candle: 1s … 45m, 1h … 12h, 1d … 1w').default('1h'))
    .option('--from <time>', 'candles that open at or after it: 2026-01-31 or ISO 8601, in UTC unless it names a zone')
    .option('--to <time>', 'candles that open before it')
    .option('--source <name>', 'the source (default: the one with the most recent data, real before simulated)')
    .option('--currency <name>', 'the currency of the figures')

const indicators = () =>
  ofSeries(
    new CliCommand('indicators')
      .summary('technical indicators over the candles of a coin')
      .argument('<name>', 'sma, ema, rsi, macd, bollinger or vwap')
      .description(
        'An indicator over the candles of one series; its values are computed (float64). docs/indicators.md has the formulas.',
      ),
  )
    .option('--period <count>', 'of sma, ema, bollinger (default: 20) and rsi (default: 14), in candles')
    .option('--fast <count>', 'of macd (default: 12)')
    .option('--slow <count>', 'of macd (default: 26)')
    .option('--signal <count>', 'of macd (default: 9)')
    .option('--deviations <count>', 'of bollinger: standard deviations (default: 2)')
    .option('--anchor <where>', 'of vwap: begins anew each day or week, or once at the begin of the range (default: day)')
    .option('--limit <count>', 'most values, the latest of the range (default: 500; at most 5000)')
    .example('qicore query indicators rsi bitcoin --limit 24', 'hour by hour')
    .example('qicore query indicators macd bitcoin --timeframe 1d --json', 'days, for a program')
    .runs(() => import('../verbs/indicators.ts'))

const anomalies = () =>
  ofSeries(
    new CliCommand('anomalies')
      .summary('candles whose return stands out')
      .description('Candles whose return lies far from those before it, measured by median and median absolute deviation.'),
  )
    .option('--window <count>', 'how many returns before a candle its own is measured against (default: 60)')
    .option('--threshold <score>', 'the score beyond which a return stands out (default: 5)')
    .option('--limit <count>', 'most candles examined, the latest of the range (default: 500; at most 5000)')
    .example('qicore query anomalies bitcoin --timeframe 1m', 'the last 500 minutes')
    .runs(() => import('../verbs/anomalies.ts'))

const health = () =>
  new CliCommand('health')
    .summary('how fresh and how complete the data is')
    .argument('[coin]', "the source's id, such as bitcoin; all coins when left out")
    .description(
      'Of each series: rows, age, expected and missing bars, holes, late live rows, bars that cannot be right or disagree with finer data, and whether it is ok, stale, gappy or flawed.',
    )
    .option('--source <name>', 'only this source')
    .option('--currency <name>', 'only figures in this currency')
    .option('--from <time>', 'the stretch that is examined: its begin (default: a day before its end)')
    .option('--to <time>', 'its end (default: now)')
    .option('--limit <count>', 'most series (default: 50; at most 200)')
    .option('--after <cursor>', 'go on behind an earlier page: the `next` that it gave')
    .example('qicore query health bitcoin', 'the last day of everything held of bitcoin')
    .runs(() => import('../verbs/dataHealth.ts'))

export const query = () => {
  const group = new CliCommand('query')
    .summary('read the store: latest prices, candles, the market, indicators, health')
    .description(
      'Reads what is stored. The platform need not run: the embedded database is started for the query if necessary, and stopped after it.',
    )
  for (const command of [latest(), candles(), summary(), indicators(), anomalies(), health()]) group.addCommand(command)
  return group
}
