import { afterAll, beforeAll, expect, test } from 'vitest'
import { recordTypes } from '../../lib/src/base/types/index.ts'
import { effectOf, inputOf, mildestEffect, outputOf, tools } from '../../lib/src/mcp-tools/index.ts'
import { testDatabase } from '../support/database.ts'
import { type LinkedTools, linkedTools } from './consumer/linked.ts'
import { minimalArguments } from './consumer/minimalArguments.ts'
import { candleWire, iso, LAST_HOUR, priceWire } from './consumer/tooled.ts'

/** Tools about the platform itself, without records. All others name the sources of their records. */
const OF_THE_PLATFORM = new Set([
  ...[
    'stream_crypto_data',
    'manage_hypertables',
    'declare_pipelines',
    'manage_pipelines',
    'manage_topics',
    'manage_consumer_groups',
  ],
  ...['monitor_cluster', 'performance_metrics', 'platform_health'],
  ...['docker_service_health', 'docker_service_logs', 'docker_service_stats', 'docker_service_status'],
])
/** Every call of them changes something, and says what. */
const ONLY_WRITE = new Set([
  ...['batch_process_data', 'store_crypto_prices', 'store_market_analytics', 'store_ohlcv_data', 'timeseries_insert'],
  ...['docker_start_services', 'docker_stop_services'],
])

const LINE = /^(as of \S+Z, )?read \d{4}-\d\d-\d\dT[\d:.]+Z;( source: .+;)? (complete|not complete: .+)$/

interface Provenance {
  readonly as_of?: string
  readonly read_at: string
  readonly sources?: readonly { readonly source: string; readonly mark?: string }[]
  readonly complete: boolean
  readonly missing?: readonly string[]
}

let linked: LinkedTools
beforeAll(async () => {
  linked = await linkedTools((await testDatabase()).url)
  for (const coin of ['coin-001', 'coin-002']) {
    await linked.seed('ohlcv', { records: Array.from({ length: 60 }, (_, i) => candleWire(coin, i + 1, 100 + (i % 7))) })
    await linked.seed('price', { records: [priceWire(coin, LAST_HOUR, '100.5', { change_24h_pct: '1.5' })] })
  }
  await linked.seed('market_analytics', {
    records: [
      {
        currency: 'usd',
        time: iso(LAST_HOUR),
        ...{ total_market_cap: '1', total_volume_24h: '1', btc_dominance: '50', eth_dominance: '10' },
        ...{ active_coins: 2, markets: 1 },
      },
    ],
  })
  const ofExchange = { coin_id: 'coin-001', currency: 'usd', time: iso(LAST_HOUR), sequence: 1 }
  await linked.seed('quote', { records: [{ ...ofExchange, bid: '100.4', bid_size: '1', ask: '100.6', ask_size: '2' }] })
  await linked.seed('book', {
    records: [
      {
        ...ofExchange,
        ...{ levels: 10, verified: true },
        ...{ bids: ['100.4'], bid_sizes: ['1'], asks: ['100.6'], ask_sizes: ['2'] },
      },
    ],
  })
  const { stream } = linked.platform
  await stream.createTopics(['crypto-prices'], { partitions: 1 })
  const { price } = recordTypes
  const wire = { ...priceWire('coin-001', LAST_HOUR, '100.5'), received_at: iso(LAST_HOUR), origin: 'live' }
  await stream.append('crypto-prices', [{ key: 'coingecko:coin-001', value: price.encode(price.fromWire(wire)) }])
})
afterAll(() => linked?.[Symbol.asyncDispose]())

const asked = async (name: string, input: Record<string, unknown>) => {
  const { refused, text, structured } = await linked.ask(name, input)
  const { provenance } = (structured ?? {}) as { provenance?: Provenance }
  return { refused, text, line: text.split('\n').at(-1) ?? '', provenance: provenance as Provenance }
}

test.each(tools.map((tool) => [tool.name, tool] as const))(
  '%s says as of when, from which sources and how complete',
  async (name, tool) => {
    if (ONLY_WRITE.has(name)) return expect(mildestEffect(tool)).not.toBe('read')
    expect(tool.facts, `${name} declares no facts`).toBeDefined()
    const input = minimalArguments(tool)
    expect(effectOf(tool, inputOf(tool).parse(input))).toBe('read')
    const { refused, text, line, provenance } = await asked(name, input)
    // Without Docker and without metrics these have nothing to answer.
    if (refused) return expect(text).toMatch(/Docker|metrics/)
    expect(line).toMatch(LINE)
    expect(outputOf(tool).parse({ ...((await linked.ask(name, input)).structured as object) })).toHaveProperty('provenance')
    expect(Date.parse(provenance.read_at)).toBeLessThanOrEqual(Date.now())
    expect(provenance.complete).toBe(provenance.missing === undefined)
    if (OF_THE_PLATFORM.has(name)) return expect(provenance).not.toHaveProperty('sources')
    if (name === 'dead_letters') return expect(provenance.sources).toEqual([])
    expect(provenance.sources).toContainEqual({ source: 'coingecko' })
    expect(Date.parse(provenance.as_of ?? '')).toBeGreaterThan(LAST_HOUR - 61 * 3_600_000)
    expect(Date.parse(provenance.as_of ?? '')).toBeLessThanOrEqual(LAST_HOUR + 3_600_000)
  },
)

test('resources of data say the same', async () => {
  for (const uri of ['qicore://market/latest', 'qicore://health/data']) {
    const { contents } = await linked.client.readResource({ uri })
    const { provenance } = JSON.parse((contents[0] as { readonly text: string }).text) as { readonly provenance: Provenance }
    expect(provenance.sources).toContainEqual({ source: 'coingecko' })
    expect(Date.parse(provenance.as_of ?? '')).toBeLessThanOrEqual(Date.parse(provenance.read_at))
    expect(provenance.complete).toBe(provenance.missing === undefined)
  }
})

test('drafts beyond the limit are missing in the answer', async () => {
  for (const name of ['first', 'second'])
    await linked.call('declare_pipelines', { action: 'save_draft', name, text: 'from: [price]', replaces: 0 })
  expect((await asked('declare_pipelines', { action: 'drafts', limit: 1 })).provenance.missing).toEqual(['1 more: raise limit'])
})

test('as of is the newest datum; simulated and manual sources are marked', async () => {
  const coin = 'marked'
  await linked.seed('price', {
    records: [
      priceWire(coin, LAST_HOUR - 60_000, '1', { source: 'simulated', origin: 'simulated' }),
      priceWire(coin, LAST_HOUR, '2', { source: 'manual', origin: 'manual' }),
    ],
  })
  const { provenance, line } = await asked('get_latest_prices', {
    coins: [coin],
    sources: ['simulated', 'manual'],
    include_simulated: true,
  })
  expect(provenance).toMatchObject({ as_of: iso(LAST_HOUR).replace('.000Z', 'Z'), complete: true })
  expect(provenance.sources?.map(({ source, mark }) => [source, mark])).toEqual([
    ['manual', 'manual'],
    ['simulated', 'simulated'],
  ])
  expect(line).toContain('source: manual (manual), simulated (simulated); complete')
})

test('left-out parts are named with the way to get them', async () => {
  expect((await asked('get_ohlcv_data', { coin: 'coin-001', limit: 5 })).line).toMatch(
    /not complete: .*earlier candles: pass to: "/,
  )
  expect((await asked('get_ohlcv_data', { coin: 'coin-001', limit: 500, to: iso(LAST_HOUR) })).provenance.complete).toBe(true)
  expect((await asked('get_latest_prices', { coins: ['coin-001', 'nonsense'] })).provenance.missing).toEqual([
    '1 of 2 coins: nothing is stored of the others',
  ])
  expect((await asked('get_latest_prices', { limit: 1 })).provenance.missing).toEqual([
    expect.stringMatching(/^more: pass after: /),
  ])
  const sql = 'select coin_id from crypto_prices order by 1'
  expect((await asked('timeseries_query', { sql, limit: 1 })).provenance).toMatchObject({
    sources: [{ source: 'unknown' }],
    missing: ['more rows: pass offset: 1'],
  })
})

test('partly covered and open candles are named', async () => {
  const coin = 'thin'
  await linked.seed('price', { records: [priceWire(coin, LAST_HOUR - 3 * 3_600_000 + 60_000, '5')] })
  const { provenance } = await asked('get_ohlcv_data', { coin, timeframe: '1h', to: iso(LAST_HOUR) })
  expect(provenance.missing).toContain('1 closed candle partly covered')
})
