import { setTimeout } from 'node:timers/promises'
import { withClient } from '../../../lib/src/base/database/index.ts'
import { retry } from '../../../lib/src/base/networking/index.ts'
import { trade } from '../../../lib/src/base/types/index.ts'
import { messagesIn } from '../load.ts'
import type { Scenario } from '../scenario.ts'
import { type Loaded, underLoad } from '../underLoad.ts'
import { watch } from '../watch.ts'

/** Reads of what is not locked. */
const OTHERS = ['/api/v1/instruments', '/api/v1/status']
/** A write notices the lock after five seconds, and only then makes room for other topics. */
const LEAST_SECONDS = 12

/** Appends trades, ten a second, until stopped. @returns how many there are */
function trades({ engines }: Loaded): () => Promise<number> {
  const over = new AbortController()
  const producing = (async () => {
    let count = 0
    for (; !over.signal.aborted; count++) {
      const time = new Date(Date.UTC(2026, 0, 1) + count).toISOString()
      const record = trade.fromWire({
        ...{ coin_id: 'BTC/USDT', source: 'chaos', currency: 'usdt', origin: 'replay', trade_id: `${count}`, side: 'buy' },
        ...{ time, received_at: time, price: '1.5', amount: '2' },
      })
      const message = { key: trade.messageKey(record), value: trade.encode(record) }
      await retry(() => engines.stream.append(trade.topic, [message]), { attempts: 100, totalMs: 60_000 })
      await setTimeout(100)
    }
    return count
  })()
  return () => {
    over.abort()
    return producing
  }
}

/** Somebody holds a table in a lock that lets nobody read or write it. */
export const scenario: Scenario = {
  name: 'locked-table',
  summary: 'somebody locks crypto_prices; other topics are stored, other reads answered, and prices stored once it is free',
  run: (context) =>
    underLoad(context, { name: 'locked-table' }, async (loaded) => {
      const { engines, stored, wait, platform } = loaded
      await engines.stream.createTopics([trade.topic])
      const stop = trades(loaded)
      const tradesStored = async () =>
        Number(
          (await engines.store.pool.query<{ n: string }>("select count(*) as n from trades where source = 'chaos'")).rows[0]?.n,
        )
      await wait(async () => (await tradesStored()) > 0, 'the first trades to be stored')
      const reads = OTHERS.map((path) => watch(`${platform().url}${path}`))
      const locked = await withClient(engines.store.pool, async (client) => {
        await client.query('begin; lock table crypto_prices_rows in access exclusive mode')
        const before = { prices: await stored(), trades: await tradesStored() }
        context.say(`locked at ${before.prices} prices and ${before.trades} trades stored`)
        await setTimeout(Math.max(LEAST_SECONDS, context.seconds) * 1000)
        const health = await (await fetch(`${platform().url}/health`)).text()
        const after = { prices: await stored(), trades: await tradesStored() }
        await client.query('rollback')
        return { before, after, health }
      })
      const freed = performance.now()
      await wait(async () => (await stored()) > locked.after.prices, 'prices to be stored again')
      const storedAgainMs = Math.round(performance.now() - freed)
      const watched = await Promise.all(reads.map((each) => each.stop()))
      const count = await stop()
      await wait(async () => (await tradesStored()) === count, `all ${count} trades to be stored`)
      const appended = await messagesIn(engines.stream, trade.topic)
      return {
        storedAgainMs,
        trades: count,
        tradesMeanwhile: locked.after.trades - locked.before.trades,
        slowestMs: watched.map(({ slowestMs }) => slowestMs),
        problems: [
          locked.after.trades - locked.before.trades < 10 &&
            `only ${locked.after.trades - locked.before.trades} trades were stored while crypto_prices was locked`,
          !locked.health.includes('crypto_prices') && `the health does not name the table: ${locked.health}`,
          appended < count && `${appended} trades were appended of ${count}`,
          ...watched.map(({ failed }, i) => failed.length > 0 && `${OTHERS[i]} failed ${failed.length} times: ${failed[0]}`),
        ],
      }
    }),
}
