import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { decimal, type JsonNumber, parseExactJson } from '../../../lib/src/base/types/index.ts'
import { startCoinGeckoServer } from '../../support/coingeckoServer.ts'
import { describeWith, recordedData } from '../../support/services.ts'
import { until } from '../../support/until.ts'
import { makeProject } from './project.ts'
import { document, qicore, up } from './qicore.ts'

interface Latest {
  readonly items: readonly {
    readonly coin_id: string
    readonly price: string
    readonly market_cap: string
    readonly source: string
    readonly origin: string
  }[]
}

describeWith('recorded-data', 'CoinGecko, answered from recordings', () => {
  it('every digit of every coin reaches the query', async () => {
    await using coingecko = await startCoinGeckoServer()
    const project = await makeProject('coingecko')
    onTestFinished(() => project[Symbol.asyncDispose]())
    const options = { cwd: project.cwd, env: { COINGECKO_BASE_URL: coingecko.url } }
    const platform = await up(options)
    const coins = parseExactJson(
      readFileSync(join(recordedData, 'coingecko-jkorf-2023-01/GetMarkets.json'), 'utf8'),
    ) as unknown as readonly {
      id: string
      current_price: JsonNumber
      market_cap: JsonNumber
    }[]
    const { items } = await until(async () => {
      const latest = document<Latest>(
        await qicore(['query', 'latest', '--limit', '1000', '--currency', 'usd', '--json'], options),
      )
      return latest.items.length >= coins.length && latest
    }, 'every coin of the page')
    for (const { id, current_price, market_cap } of coins) {
      const stored = items.find(({ coin_id }) => coin_id === id)
      expect(stored, id).toMatchObject({
        source: 'coingecko',
        price: decimal(current_price.source),
        market_cap: decimal(market_cap.source),
      })
      expect(stored?.origin).not.toBe('simulated')
    }
    const doctor = document<{ checks: readonly { name: string; verdict: string; summary: string }[] }>(
      await qicore(['doctor', '--json'], options),
    )
    expect(doctor.checks).toContainEqual(
      expect.objectContaining({ name: 'source coingecko', verdict: 'ok', summary: expect.stringContaining('keyless') }),
    )
    const { code, stdout } = await platform.stop()
    expect(code).toBe(0)
    expect(stdout).toContain('CoinGecko reached')
    expect(stdout).not.toContain('Running on the SIMULATED')
  })

  it('falls back to the simulated market while it cannot be reached, and says so', async () => {
    const project = await makeProject('offline')
    onTestFinished(() => project[Symbol.asyncDispose]())
    const options = { cwd: project.cwd, env: { COINGECKO_BASE_URL: 'http://127.0.0.1:9' } }
    const platform = await up(options)
    await platform.process.line(/CoinGecko .* cannot be reached.*SIMULATED/)
    const { items } = await until(async () => {
      const latest = document<Latest>(
        await qicore(['query', 'latest', 'bitcoin', '--json'], options).then((end) => ({ ...end, code: 0 })),
      )
      return latest.items.length > 0 && latest
    }, 'a simulated price')
    expect(items[0]).toMatchObject({ source: 'simulated', origin: 'simulated' })
    expect((await platform.stop()).code).toBe(0)
  })
})
