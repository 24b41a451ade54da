import { type ExactJson, JsonNumber, type Trending, trending } from '../../../../base/types/index.ts'
import { Collector, type Parsed, type Seen } from '../../shared/collect.ts'
import { arrayOf, decimalOf, isObject, objectOf, optionalDecimal, present, textOf } from '../../shared/json.ts'

/**
 * `{"coins":[{"item":{"id":"bonk","score":0,"data":{"price":0.0000059,…},…}}],…}`: the coins most searched for in the last 24 hours,
 * by rank. The list has no timestamp, so the time is that of receipt. Prices are in US dollars; older answers have them in bitcoin only,
 * and then the price is absent.
 * @throws QiError BAD_DATA if it is no such object
 */
export function parseTrending(body: ExactJson, _params: object, seen: Seen): Parsed<Trending> {
  const out = new Collector<Trending>(trending)
  for (const [i, coin] of arrayOf(objectOf(body, 'trending').coins, 'coins').entries())
    out.add(`coins.${i}`, coin, () => {
      const item = objectOf(objectOf(coin, 'the coin').item, 'item')
      const shown = isObject(item.data) ? item.data.price : undefined
      const record = {
        coinId: textOf(item.id, 'id'),
        source: seen.source,
        time: seen.receivedAt,
        receivedAt: seen.receivedAt,
        origin: seen.origin,
        rank: i + 1,
      }
      // For a while in 2024 the price was a rounded text such as "$0.0017": it is left out.
      const price = shown instanceof JsonNumber ? decimalOf(shown, 'data.price') : undefined
      return { ...record, ...present({ score: optionalDecimal(item.score, 'score'), price }) } as Trending
    })
  return out.done()
}
