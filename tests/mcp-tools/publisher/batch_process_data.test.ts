import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testDatabase } from '../../support/database.ts'
import { startHistoryServer } from '../../support/historyServer.ts'
import { until } from '../../support/until.ts'
import { type LinkedTools, linkedTools } from '../linkedTools.ts'
import { appendPrices, pricesOf } from './prices.ts'

const { url: databaseUrl } = await testDatabase()
const server = await startHistoryServer()
let tools: LinkedTools
beforeAll(async () => {
  tools = await linkedTools({
    databaseUrl,
    yaml: `sources: { coingecko: { base_url: "${server.url}", calls_per_minute: 6000, retry: { attempts: 2, base_ms: 5 } } }\n`,
  })
})
afterAll(async () => {
  await tools[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})

const ask = (input: Record<string, unknown>) => tools.call<Record<string, number | string[]>>('batch_process_data', input)
const refused = (input: Record<string, unknown>) => tools.refused('batch_process_data', input)
const count = async (where: string, ...values: unknown[]): Promise<number> => {
  const { rows } = await tools.platform.store.pool.query<{ n: number }>(`select count(*)::int as n from ${where}`, values)
  return rows[0]?.n ?? 0
}
const TODAY = Math.floor(Date.now() / 86_400_000)
const date = (ago: number): string => new Date((TODAY - ago) * 86_400_000).toISOString().slice(0, 10)

interface Progress {
  readonly progress: number
  readonly total?: number | undefined
}

/** A call whose progress is told. */
async function followed(input: Record<string, unknown>, options: { signal?: AbortSignal; on?: () => void } = {}) {
  const progress: Progress[] = []
  const { signal, on } = options
  const onprogress = (one: Progress) => {
    progress.push(one)
    on?.()
  }
  const answer = await tools.client.callTool(
    { name: 'batch_process_data', arguments: input },
    { onprogress, ...(signal && { signal }) },
  )
  return { answer, progress }
}

describe('backfill', () => {
  test('stores the history of the provider, reports progress, and asks for nothing twice', async () => {
    const input = { operation: 'backfill', coins: ['coin-a'], from: date(210), to: date(10) }
    const { answer, progress } = await followed(input)
    expect(answer.structuredContent).toMatchObject({ operation: 'backfill', records: 200 * 24 })
    expect(await count('crypto_prices where coin_id = $1', 'coin-a')).toBe(200 * 24)
    expect(progress.at(-1)?.progress).toBe(progress.at(-1)?.total)
    expect(progress.length).toBeGreaterThan(1)
    expect(await ask(input)).toMatchObject({ calls: 0, records: 0 })
  })

  test('that is cancelled keeps what it has, and the same call goes on there', async () => {
    const input = { operation: 'backfill', coins: ['coin-b'], from: date(360), to: date(10) }
    const stop = new AbortController()
    await expect(followed(input, { signal: stop.signal, on: () => stop.abort() })).rejects.toThrow()
    const kept = await count('crypto_prices where coin_id = $1', 'coin-b')
    expect(kept).toBeGreaterThan(0)
    expect(kept).toBeLessThan(350 * 24)
    await ask(input)
    expect(await count('crypto_prices where coin_id = $1', 'coin-b')).toBe(350 * 24)
  })

  test('refuses, and says what to do', async () => {
    expect(await refused({ operation: 'backfill' })).toMatch(/^BAD_REQUEST: coins is missing/)
    expect(await refused({ operation: 'backfill', coins: ['a'] })).toMatch(/^BAD_REQUEST: from is missing/)
    expect(await refused({ operation: 'backfill', coins: ['a'], from: 'tomorrow' })).toMatch(
      /^BAD_REQUEST: .*from "tomorrow": .* is not a time such as 2026-01-31/,
    )
    expect(await refused({ operation: 'backfill', coins: ['a'], from: '2199-01-01' })).toMatch(
      /^BAD_REQUEST: from .* lies in the future/,
    )
    expect(await refused({ operation: 'backfill', coins: ['a'], from: date(9), source: 'replay' })).toMatch(
      /^UNSUPPORTED: replay gives no history/,
    )
    expect(await refused({ operation: 'backfill', coins: ['a'], from: date(9), source: 'coingeko' })).toMatch(
      /did you mean coingecko/,
    )
  })
})

describe('reprocess', () => {
  test('writes what a topic holds to the store again, and sets aside what cannot be stored', async () => {
    const { stream, store } = tools.platform
    await appendPrices(stream, pricesOf('again', [1, 2, 3, 4]))
    await stream.append('crypto-prices', [{ key: 'test:again', value: '{"not":"a price"}' }])
    await until(async () => (await count('crypto_prices where coin_id = $1', 'again')) === 4, 'the prices')
    await until(async () => (await tools.platform.deadLetters.list()).length === 1, 'the dead letter')
    await store.pool.query("delete from crypto_prices where coin_id = 'again'")
    const answer = await ask({ operation: 'reprocess', topic: 'crypto-prices' })
    expect(await count('crypto_prices where coin_id = $1', 'again')).toBe(4)
    expect(answer.dead_lettered).toBe(1)
    expect(answer.written).toBe(4)
    expect(Number(answer.records)).toBe(4 + Number(answer.overwritten) + 1)
    // The same original is one dead letter, however often it comes.
    expect(await tools.platform.deadLetters.list()).toMatchObject([{ times: 2 }])
    const later = new Date(Date.now() + 3_600_000).toISOString()
    expect(await ask({ operation: 'reprocess', from: later })).toMatchObject({ records: 0, written: 0 })
  })

  test('refuses a topic without records', async () => {
    expect(await refused({ operation: 'reprocess', topic: 'crypto-price' })).toMatch(
      /^BAD_REQUEST: topic "crypto-price" carries no records.*crypto-prices/,
    )
  })
})
