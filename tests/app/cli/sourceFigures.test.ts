import { expect, test } from 'vitest'
import { startFakeVenue } from '../../publishers/venue/fake/index.ts'
import { testDatabase } from '../../support/database.ts'
import { until } from '../../support/until.ts'
import { makeProject } from './project.ts'
import { document, qicore, up } from './qicore.ts'

test('metrics and status show the sockets of an exchange, and the gap of a cut that was filled', async () => {
  const { url: database } = await testDatabase()
  await using venue = await startFakeVenue('binance')
  await using project = await makeProject(
    'figures',
    `sources:
  run: [binance]
  binance:
    symbols: [BTC/USDT]
    channels: [trades, books]
    twin: false
    rest_url: ${venue.restUrl}
    ws_url: ${venue.wsUrl}
    reconnect: { base_ms: 20, healthy_ms: 0 }
`,
  )
  const options = { cwd: project.cwd, env: { DATABASE_URL: database } }
  const platform = await up(options)
  try {
    const metric = async (name: string): Promise<number> => {
      const text = await (await fetch(`${platform.url}/metrics`)).text()
      return Number(new RegExp(`^qicore_source_${name}\\{source="binance"\\} (\\d+)$`, 'm').exec(text)?.[1] ?? Number.NaN)
    }
    const verified = (what: string) =>
      until(async () => {
        await venue.order({ do: 'books', changes: 1 })
        return (await metric('books_verified')) === 1
      }, what)
    await venue.order({ do: 'rate', perSecond: 300 })
    await until(async () => (await metric('sockets')) === 1, 'a connection')
    await verified('the order book')
    const before = await metric('gaps_total')
    await venue.order({ do: 'cut', which: 'all' })
    await until(async () => (await metric('gaps_total')) > before, 'the gap')
    await until(async () => (await metric('filled_trades_total')) > 0 && (await metric('sockets')) === 1, 'the filled gap')
    await venue.order({ do: 'rate', perSecond: 0 })
    await verified('the order book after the cut')
    expect([await metric('missing_trades_total'), await metric('paused'), await metric('books')]).toEqual([0, 0, 1])
    const { status } = document<{ status: { publishers: readonly { figures: Record<string, unknown> }[] } }>(
      await qicore(['status', '--json'], options),
    )
    expect(status.publishers[0]?.figures).toEqual({
      waiting: expect.any(Number),
      paused: false,
      sockets: 1,
      books_verified: 1,
      books: 1,
      gaps: await metric('gaps_total'),
      filled: await metric('filled_trades_total'),
      missing: 0,
    })
  } finally {
    await platform.stop()
  }
})
