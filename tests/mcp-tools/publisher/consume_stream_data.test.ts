import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Stream } from '../../../lib/src/base/types/index.ts'
import { openRedpanda, parseRedpandaConfig } from '../../../lib/src/streaming/redpanda/index.ts'
import { testDatabase } from '../../support/database.ts'
import { sharedKafka } from '../../support/kafka.ts'
import { describeWith } from '../../support/services.ts'
import { until } from '../../support/until.ts'
import { type Linked, type LinkedTools, linked, linkedTools, linkedToStream } from '../linkedTools.ts'
import { appendPrices, pricesOf } from './prices.ts'

interface Answer {
  readonly records: readonly {
    readonly key: string
    readonly record?: { readonly coin_id: string; readonly price: string }
    readonly text?: string
  }[]
  readonly held: number
  readonly group?: string
  readonly lag?: number
  readonly note?: string
}

const unique = (name: string) => `${name}-${Math.random().toString(36).slice(2)}`

interface Parts {
  readonly tools: Linked
  readonly stream: Stream
}

function suite(parts: () => Parts): void {
  const read = (input: Record<string, unknown>) => parts().tools.call<Answer>('consume_stream_data', input)

  test('a group continues from its position, each record once, and shows its lag', async () => {
    const { stream } = parts()
    const [topic, group] = [unique('steps'), unique('reader')]
    await stream.createTopics([topic], { partitions: 2 })
    const values = Array.from({ length: 12 }, (_, i) => ({ key: `k${i}`, value: `message ${i}` }))
    await stream.append(topic, values)
    const seen: (string | undefined)[] = []
    const lags: (number | undefined)[] = []
    for (let i = 0; i < 3; i++) {
      const answer = await read({ topic, group, limit: 5, wait_ms: 30_000 })
      expect(answer.group).toBe(`agent-${group}`)
      seen.push(...answer.records.map(({ text }) => text))
      lags.push(answer.lag)
    }
    expect(seen.toSorted()).toEqual(values.map(({ value }) => value).toSorted())
    expect(lags).toEqual([7, 2, 0])
    const nothing = await read({ topic, group, wait_ms: 10 })
    expect(nothing).toMatchObject({ records: [], lag: 0, note: expect.stringContaining('nothing came') })
    expect((await stream.lag(`agent-${group}`)).every(({ lag }) => lag === 0n)).toBe(true)
    // Without a commit the same records come again.
    await stream.append(topic, values.slice(0, 2))
    for (let i = 0; i < 2; i++)
      expect((await read({ topic, group, commit: false, limit: 2, wait_ms: 30_000 })).records).toHaveLength(2)
    await stream.deleteTopics([topic])
  })
}

describe('on the embedded log', async () => {
  const { url: databaseUrl } = await testDatabase()
  let tools: LinkedTools
  beforeAll(async () => {
    tools = await linkedTools({ databaseUrl })
  })
  afterAll(() => tools[Symbol.asyncDispose]())
  const read = (input: Record<string, unknown>) => tools.call<Answer>('consume_stream_data', input)
  const refused = (input: Record<string, unknown>) => tools.refused('consume_stream_data', input)
  const figures = ({ records }: Answer) => records.map(({ record }) => Number(record?.price))

  suite(() => ({ tools, stream: tools.platform.stream }))

  test('the newest records, decoded, and the next that come', async () => {
    const coin = unique('coin')
    await appendPrices(tools.platform.stream, pricesOf(coin, [1, 2, 3, 4, 5, 6, 7, 8]))
    const answer = await read({ limit: 3 })
    expect(figures(answer)).toEqual([6, 7, 8])
    expect(answer.records[0]?.record?.coin_id).toBe(coin)
    const next = read({ read: 'next', wait_ms: 30_000, limit: 1 })
    // Only what comes once it waits is given, and nothing tells when it does.
    const timer = setInterval(() => void appendPrices(tools.platform.stream, pricesOf(coin, [99.5])).catch(() => {}), 100)
    expect(figures(await next.finally(() => clearInterval(timer)))).toEqual([99.5])
  })

  test('a viewer reads as long as no position moves', async () => {
    const viewer = await linked(async () => tools.platform.toolHandles, { name: 'eyes', role: 'viewer', face: 'mcp' })
    await using _ = viewer
    await appendPrices(tools.platform.stream, pricesOf(unique('seen'), [1]))
    expect(figures(await viewer.call<Answer>('consume_stream_data', { limit: 1 }))).toHaveLength(1)
    const group = unique('viewed')
    const peek = { group, commit: false, limit: 1, wait_ms: 1000 }
    const first = await viewer.call<Answer>('consume_stream_data', peek)
    expect(first.records).toHaveLength(1)
    expect((await viewer.call<Answer>('consume_stream_data', peek)).records).toEqual(first.records)
    expect(await viewer.refused('consume_stream_data', { group })).toMatch(/^FORBIDDEN: .*needs the role operator/)
    expect((await tools.platform.stream.describeGroups()).map(({ name }) => name)).not.toContain(`agent-${group}`)
  })

  test('refuses, and says what to do', async () => {
    expect(await refused({ topic: 'crypto-pricez' })).toMatch(/^NOT_FOUND: topic "crypto-pricez" does not exist/)
    expect(await refused({ read: 'newest', group: 'a' })).toMatch(/^BAD_REQUEST: read "newest" goes without a group/)
    expect(await refused({ partition: 77 })).toMatch(/^BAD_REQUEST: partition 77: crypto-prices has \d+/)
    expect(await refused({ group: '../x' })).toMatch(/^BAD_REQUEST: .*group/)
    expect(await refused({ limit: 1_000_000 })).toMatch(/^BAD_REQUEST: .*limit/)
  })

  test('the position of a group of consumers never moves, whatever name is given', async () => {
    const consumers = async () => (await tools.platform.stream.describeGroups()).filter(({ name }) => name.startsWith('qicore-'))
    const before = await until(async () => {
      const found = await consumers()
      return found.length > 0 && found
    }, 'the consumer of the platform to join its group')
    await read({ group: 'qicore-crypto-data', wait_ms: 10, limit: 1 })
    expect((await consumers()).map(({ name }) => name)).toEqual(before.map(({ name }) => name))
    expect((await tools.platform.stream.describeGroups(['agent-qicore-crypto-data'])).length).toBe(1)
  })
})

describeWith('kafka', 'on Kafka', () => {
  let parts: Parts
  beforeAll(async () => {
    const stream = await openRedpanda(parseRedpandaConfig({ brokers: await sharedKafka() }))
    parts = { stream, tools: await linkedToStream(stream) }
  })
  afterAll(async () => {
    await parts.tools[Symbol.asyncDispose]()
    await parts.stream.close()
  })
  suite(() => parts)
})
