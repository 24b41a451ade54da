import { type Decimal, type ExactJson, errorMessage, type Micros, type Price, price } from '../../../../base/types/index.ts'
import { Collector, type Parsed, type Seen } from '../../shared/collect.ts'
import { arrayOf, decimalOf, millisOf, objectOf, present } from '../../shared/json.ts'

export interface MarketChartParams {
  readonly id: string
  readonly currency: string
  /** A whole number of days back, or `max`. 1 day gives a price every 5 minutes, up to 90 days every hour, more every day. */
  readonly days: string
  readonly interval?: '5m' | 'hourly' | 'daily'
}

export interface MarketChartRangeParams {
  readonly id: string
  readonly currency: string
  readonly from: Micros
  readonly to: Micros
  readonly interval?: '5m' | 'hourly' | 'daily'
}

/**
 * `{"prices":[[1618499053863,62641.967…],…],"market_caps":[…],"total_volumes":[…]}`: three series of [milliseconds, figure], joined
 * by timestamp into prices, sorted by time. A total volume is that of the 24 hours up to its timestamp: volumes of neighbours overlap
 * and must not be added up.
 * @throws QiError BAD_DATA if it is no such object
 */
export function parseMarketChart(body: ExactJson, params: Pick<MarketChartParams, 'id' | 'currency'>, seen: Seen): Parsed<Price> {
  const chart = objectOf(body, 'market_chart')
  const out = new Collector<Price>(price)
  const caps = series(chart.market_caps ?? [], 'market_caps', out)
  const volumes = series(chart.total_volumes ?? [], 'total_volumes', out)
  for (const [i, point] of arrayOf(chart.prices, 'prices').entries())
    out.add(`prices.${i}`, point, () => {
      const [stamp, value] = arrayOf(point, 'the point')
      const time = millisOf(stamp, 'the stamp')
      const record = {
        coinId: params.id,
        source: seen.source,
        currency: params.currency,
        time,
        receivedAt: seen.receivedAt,
        origin: seen.origin,
        price: decimalOf(value, 'the price'),
      }
      return { ...record, ...present({ marketCap: caps.take(time), volume24h: volumes.take(time) }) } as Price
    })
  caps.refuseRest()
  volumes.refuseRest()
  return out.done((a, b) => a.time - b.time)
}

/** A second series by timestamp. A figure without a price is refused; a null is an absent figure. */
function series(points: ExactJson, name: string, out: Collector<Price>) {
  const held = new Map<Micros, { path: string; point: ExactJson; value: Decimal }[]>()
  arrayOf(points, name).forEach((point, i) => {
    const path = `${name}.${i}`
    try {
      const [stamp, value] = arrayOf(point, 'the point')
      const time = millisOf(stamp, 'the stamp')
      if (value === null) return
      const list = held.get(time)
      const entry = { path, point, value: decimalOf(value, 'the figure') }
      if (list) list.push(entry)
      else held.set(time, [entry])
    } catch (error) {
      out.refuse(path, point, errorMessage(error))
    }
  })
  return {
    take: (time: Micros): Decimal | undefined => held.get(time)?.shift()?.value,
    refuseRest(): void {
      for (const list of held.values()) for (const { path, point } of list) out.refuse(path, point, 'no price has its stamp')
    },
  }
}
