import { expect, it } from 'vitest'
import { CoinRequests } from '../../../lib/src/base/database/dsl/prices/CoinRequests.ts'
import { price } from '../../../lib/src/base/types/index.ts'
import { aPrice, MINUTE, MONDAY } from '../records.ts'
import { testStore } from '../testStore.ts'

interface Asked {
  readonly coins: readonly string[]
  readonly limit: number
  readonly answer: (rows: readonly { readonly coin_id: string }[]) => void
  readonly fail: (error: Error) => void
}

function requests() {
  const asked: Asked[] = []
  const made = new CoinRequests<{ limit: number; currency?: string }>((coins, { limit }) => {
    const { promise, resolve, reject } = Promise.withResolvers<readonly { coin_id: string }[]>()
    asked.push({ coins, limit, answer: resolve as Asked['answer'], fail: reject })
    return promise
  })
  return { asked, made }
}
const row = (coin_id: string) => ({ coin_id })

it('runs at once while few statements run; later requests share one, and none is answered by a statement that began before it', async () => {
  const { asked, made } = requests()
  const like = { limit: 2 }
  const [a, b] = [made.rows('a', like), made.rows('b', like)]
  const [c, d, c2] = [made.rows('c', like), made.rows('d', like), made.rows('c', like)]
  const other = made.rows('e', { limit: 2, currency: 'eur' })
  expect(asked.map(({ coins }) => coins)).toEqual([['a'], ['b']])
  asked[0]?.answer([row('a')])
  expect(await a).toEqual([row('a')])
  expect(asked[2]).toMatchObject({ coins: ['c', 'd'], limit: 4 })
  // It came after that statement began.
  const late = made.rows('d', like)
  asked[2]?.answer([row('c'), row('d')])
  expect([await c, await d, await c2]).toEqual([[row('c')], [row('d')], [row('c')]])
  expect(asked[3]).toMatchObject({ coins: ['e'] })
  asked[1]?.answer([])
  expect(await b).toEqual([])
  asked[3]?.answer([row('e')])
  expect(await other).toEqual([row('e')])
  expect(asked[4]).toMatchObject({ coins: ['d'] })
  asked[4]?.answer([row('d'), row('d')])
  expect(await late).toHaveLength(2)
})

it('asks coin by coin if one may have taken the rows of others, and passes a failure to all its requests', async () => {
  const { asked, made } = requests()
  const like = { limit: 1 }
  const first = [made.rows('a', like), made.rows('b', like)]
  const some = [made.rows('c', like), made.rows('d', like)]
  for (const one of asked.splice(0)) one.answer([])
  await Promise.all(first)
  asked[0]?.answer([row('c'), row('c')])
  await expect.poll(() => asked.length).toBe(2)
  expect(asked[1]).toMatchObject({ coins: ['c'], limit: 1 })
  const [third, fourth] = [made.rows('x', like), made.rows('y', like)]
  asked[1]?.answer([row('c')])
  expect(await some[0]).toEqual([row('c')])
  await expect.poll(() => asked.some(({ coins }) => coins[0] === 'd')).toBe(true)
  asked.find(({ coins }) => coins[0] === 'd')?.fail(new Error('gone'))
  await expect(some[1]).rejects.toThrow('gone')
  for (const { answer } of asked) answer([])
  await third
  await expect.poll(() => asked.some(({ coins }) => coins[0] === 'y')).toBe(true)
  for (const { answer } of asked) answer([])
  await fourth
})

it('many requests at once each get the latest price of their coin, as of the request', async () => {
  const store = await testStore()
  const coins = Array.from({ length: 40 }, (_, i) => `coin-${i}`)
  await store.timescale.upsert(
    price,
    coins.map((coinId, i) => aPrice({ coinId, price: `${i + 1}` })),
  )
  const latest = async (coin: string) => (await store.dsl.getLatestPrices({ coins: [coin] })).items.map((item) => item.price)
  expect(await Promise.all(coins.map(latest))).toEqual(coins.map((_, i) => [`${i + 1}`]))
  for (let n = 1; n <= 20; n++) {
    const busy = Promise.all(coins.map(latest))
    await store.timescale.upsert(price, [aPrice({ coinId: 'coin-7', time: MONDAY + n * MINUTE, price: `${100 + n}` })])
    expect(await latest('coin-7')).toEqual([`${100 + n}`])
    await busy
  }
})
