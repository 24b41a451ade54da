import { expect, onTestFinished, test, vi } from 'vitest'
import {
  type Micros,
  nowMicros,
  type RecordBatch,
  type Source,
  type SourceContext,
  type Trade,
  trade,
} from '../../lib/src/base/types/index.ts'
import { sourceDefinitions } from '../../lib/src/publishers/index.ts'
import { CryptoDataPlatform, loadConfig } from '../../lib/src/streaming/platform/index.ts'
import { testDatabase } from '../support/database.ts'
import { temporary } from '../support/temporary.ts'
import { until } from '../support/until.ts'

const SECOND = 1_000_000
const database = await testDatabase()

const tradeAt = (time: Micros): Trade => ({
  coinId: 'bitcoin',
  source: 'simulated',
  currency: 'usd',
  time,
  receivedAt: time,
  origin: 'live',
  tradeId: String(time),
  side: 'buy',
  price: '1' as Trade['price'],
  amount: '1' as Trade['amount'],
})

/** Gives what is pushed, until it is closed. */
class Pushed implements Source {
  readonly name = 'simulated'
  readonly #waiting: RecordBatch[] = []
  #wake = Promise.withResolvers<void>()
  #closed = false

  push(...times: readonly Micros[]): void {
    this.#waiting.push({ type: trade, records: times.map(tradeAt) } as unknown as RecordBatch)
    this.#wake.resolve()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<RecordBatch> {
    while (!this.#closed) {
      yield* this.#waiting.splice(0)
      await this.#wake.promise
      this.#wake = Promise.withResolvers()
    }
  }

  async check() {
    return { ok: true, summary: 'made up' }
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#wake.resolve()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

test('a running source records outages of some of its series in the store', async () => {
  const source = new Pushed()
  let context: SourceContext | undefined
  const open = vi.spyOn(sourceDefinitions.simulated as NonNullable<(typeof sourceDefinitions)[string]>, 'open')
  open.mockImplementation(async (_, given) => {
    context = given
    return source
  })
  onTestFinished(() => open.mockRestore())
  const env = { DATABASE_URL: database.url, QICORE_SOURCES: 'simulated' }
  const { config } = loadConfig({ cwd: await temporary('outage'), env })
  await using platform = new CryptoDataPlatform({ config })
  await platform.start()
  await until(() => platform.coverage.runs('simulated'), 'the source to run')
  const now = nowMicros()
  // Its numbers count up, as the simulated market says, and these have none: nothing but the cut tells.
  source.push(now - SECOND)
  const gaps = async () => (await platform.coverage.list({ types: ['trade'] })).flatMap((series) => series.gaps)
  const stored = async () => (await platform.coverage.list({ types: ['trade'] })).length > 0
  await until(stored, 'the trade to be stored')
  expect(await gaps()).toEqual([])
  const cut = context?.outage?.([{ type: 'trade', coinId: 'bitcoin' }], 'the connection was lost')
  await until(async () => (await gaps()).some(({ detail }) => detail === 'the connection was lost'), 'the cut to be told')
  await cut?.[Symbol.asyncDispose]()
  expect(await gaps()).toMatchObject([{ reason: 'reconnect', detail: 'the connection was lost' }])
})
