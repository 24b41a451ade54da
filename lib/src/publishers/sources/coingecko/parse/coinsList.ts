import { type ExactJson, type Instrument, instrument } from '../../../../base/types/index.ts'
import { Collector, type Parsed, type Seen } from '../../shared/collect.ts'
import { arrayOf, objectOf, textOf } from '../../shared/json.ts'

/**
 * `[{"id":"01coin","symbol":"zoc","name":"01coin"},…]`: every coin of CoinGecko, without numbers and timestamps.
 * @throws QiError BAD_DATA if it is no list
 */
export function parseCoinsList(body: ExactJson, _params: object, seen: Seen): Parsed<Instrument> {
  const out = new Collector<Instrument>(instrument)
  for (const [i, item] of arrayOf(body, 'coins/list').entries())
    out.add(String(i), item, () => {
      const coin = objectOf(item, 'the coin')
      return {
        coinId: textOf(coin.id, 'id'),
        source: seen.source,
        time: seen.receivedAt,
        receivedAt: seen.receivedAt,
        origin: seen.origin,
        kind: 'currency',
        symbol: textOf(coin.symbol, 'symbol'),
        name: textOf(coin.name, 'name'),
        active: true,
      }
    })
  return out.done()
}
