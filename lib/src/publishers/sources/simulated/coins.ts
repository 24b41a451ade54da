import { hashText, unit } from './noise.ts'

/** Parameters of a coin of the simulated market; money in US dollars. */
export interface CoinProfile {
  readonly id: string
  readonly symbol: string
  readonly name: string
  /** The level that its price moves around. */
  readonly level: number
  /** Standard deviation of the yearly log return. */
  readonly volatility: number
  /** Units in circulation. */
  readonly supply: number
  /** Traded value of a usual day. */
  readonly volume: number
}

const coin = (
  id: string,
  symbol: string,
  name: string,
  level: number,
  volatility: number,
  supply: number,
  volume: number,
): CoinProfile => ({
  id,
  symbol,
  name,
  level,
  volatility,
  supply,
  volume,
})

/** The default coins, at plausible prices. */
export const COINS: readonly CoinProfile[] = [
  coin('bitcoin', 'btc', 'Bitcoin', 95_000, 0.5, 19_900_000, 38e9),
  coin('ethereum', 'eth', 'Ethereum', 3_400, 0.65, 120_600_000, 21e9),
  coin('tether', 'usdt', 'Tether', 1, 0.004, 140e9, 90e9),
  coin('solana', 'sol', 'Solana', 185, 0.8, 490e6, 4.2e9),
  coin('binancecoin', 'bnb', 'BNB', 680, 0.55, 142e6, 1.6e9),
  coin('ripple', 'xrp', 'XRP', 2.3, 0.8, 57.6e9, 5.5e9),
  coin('cardano', 'ada', 'Cardano', 0.85, 0.8, 35.2e9, 0.9e9),
  coin('chainlink', 'link', 'Chainlink', 20, 0.8, 640e6, 0.7e9),
  coin('dogecoin', 'doge', 'Dogecoin', 0.32, 0.9, 147e9, 2.9e9),
  coin('pepe', 'pepe', 'Pepe', 0.0000172, 1.1, 420.69e12, 1.8e9),
]

const known = new Map(COINS.map((profile) => [profile.id, profile]))

/** The profile of any coin id. An unlisted coin gets parameters derived from its id. */
export function coinProfile(id: string): CoinProfile {
  const listed = known.get(id)
  if (listed) return listed
  const hash = hashText(id)
  const level = 10 ** (unit(hash, 1, 0) * 2.5 - 0.5)
  const supply = 10 ** (8 + unit(hash, 2, 0))
  const volatility = 0.9 + 0.3 * unit(hash, 3, 0)
  return { id, symbol: id.slice(0, 20), name: id, level, volatility, supply, volume: level * supply * 0.05 }
}
