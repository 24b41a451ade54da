import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
// @ts-expect-error: a script of a page has no types
import { follow as followUntyped } from '../../../app/server/pages/files/live.js'
import { freePort } from '../../../bench/freePort.ts'
import { type Decimal, price } from '../../../lib/src/base/types/index.ts'
import { testDatabase } from '../../support/database.ts'
import { appendPrices, type Engines, openEngines, platformOf, priceOf, serving } from './served.ts'

interface Row {
  readonly price: string
}
interface State {
  readonly state: string
  readonly since?: number
  readonly nextAt?: number
}
type Follow = (parts: {
  readonly address: string
  readonly subscription: Readonly<Record<string, unknown>>
  readonly receive: (rows: readonly Row[]) => void
  readonly changed: (state: State) => void
  readonly page: EventTarget
}) => { readonly end: () => void }
const follow = followUntyped as Follow

const { url: database } = await testDatabase()
let engines: Engines
beforeAll(async () => {
  engines = await openEngines(database)
})
afterAll(() => engines[Symbol.asyncDispose]())

const figure = (n: number) => priceOf('home', { price: String(n) as Decimal, time: 1_700_000_000_000_000 + n })

test('the page shows the latest rows and new records; after a disconnection it resumes when the network is back, and misses nothing', async () => {
  await engines.store.timescale.upsert(price, [figure(1)])
  const port = await freePort()
  const first = await serving(platformOf(engines), { port })
  const page = new EventTarget()
  const states: State[] = []
  const rows: string[] = []
  const following = follow({
    address: `ws://127.0.0.1:${port}/ws`,
    subscription: { channel: 'prices', coins: ['home'] },
    receive: (more) => rows.push(...more.map((row) => row.price)),
    changed: (state) => states.push(state),
    page,
  })
  onTestFinished(following.end)
  await expect.poll(() => rows).toEqual(['1'])
  expect(states).toMatchObject([{ state: 'live' }])
  await appendPrices(engines.stream, figure(2))
  await expect.poll(() => rows).toEqual(['1', '2'])

  const cutAt = Date.now()
  await first.close()
  await appendPrices(engines.stream, figure(3))
  // It retries with a wait of three seconds at most.
  await expect.poll(() => states.at(-1)?.nextAt ?? 0, { timeout: 20_000 }).toBeGreaterThan(Date.now() + 2_500)
  const waits = states.filter(({ state }) => state === 'away').map(({ nextAt = 0 }) => nextAt - Date.now())
  expect(Math.max(...waits)).toBeLessThanOrEqual(3_000)
  expect(states.at(-1)?.since).toBeGreaterThanOrEqual(cutAt)
  await serving(platformOf(engines), { port })
  page.dispatchEvent(new Event('online'))
  await expect.poll(() => rows, { interval: 5 }).toEqual(['1', '2', '3'])
  expect(states.at(-1)).toEqual({ state: 'live' })
  await appendPrices(engines.stream, figure(4))
  await expect.poll(() => rows).toEqual(['1', '2', '3', '4'])
})
