import { QiError, suggest } from '../../../../base/types/index.ts'
import type { PollJob } from '../../shared/PollingSource.ts'
import { parseMarkets } from '../parse/markets.ts'
import { followed, liveFrom, type Polling } from './polling.ts'

/** Markets are fetched again once a day, in milliseconds. */
const DAY_MS = 86_400_000

/** Fetches the list of markets, without which no other call can be made, and yields the followed ones. */
export function marketsJob(polling: Polling): PollJob {
  const { client, settings, source, warnings } = polling
  const { id, precisionMode } = client.exchange
  return {
    name: 'markets',
    essential: true,
    intervalMs: () => DAY_MS,
    round: () => [
      async (signal) => {
        const { receivedAt } = await client.loadMarkets({ signal })
        for (const symbol of settings.symbols) {
          const subject = `symbol ${symbol}`
          if (client.market(symbol)) warnings.remove(subject)
          else warnings.add(subject, `${unknown(polling, symbol)}; correct or remove it, the others go on`)
        }
        const markets = followed(polling)
        if (markets.length === 0)
          throw new QiError('NOT_FOUND', `${id} has none of sources.${source}.symbols: ${unknown(polling, settings.symbols[0])}`)
        return parseMarkets(markets, precisionMode, liveFrom(polling, receivedAt))
      },
    ],
  }
}

function unknown({ client }: Polling, symbol = ''): string {
  const { id, markets = {} } = client.exchange
  const spot = Object.values(markets).flatMap((market) => (market.spot ? [market.symbol] : []))
  if (Object.hasOwn(markets, symbol)) return `${id} has ${symbol}, but not as a spot pair, which is all that is fetched`
  const hint = spot.length > 0 ? suggest(symbol, spot.length > 20 ? nearby(symbol, spot) : spot) : ''
  return `${id} has no spot pair ${symbol}${hint}`
}

/** A list of thousands of pairs helps nobody: those of the same base or quote, at most 20. */
function nearby(symbol: string, pairs: readonly string[]): readonly string[] {
  const [base = '', quote = ''] = symbol.toUpperCase().split('/')
  const same = pairs.filter((pair) => pair.startsWith(`${base}/`))
  return (same.length > 0 ? same : pairs.filter((pair) => pair.endsWith(`/${quote}`))).slice(0, 20)
}
