import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { budgetOf, requireBudget } from '../../../lib/src/publishers/agents/data-acquiring/budget.ts'
import { config } from '../../../lib/src/publishers/agents/data-acquiring/config.ts'
import { jobsOf } from '../../../lib/src/publishers/agents/data-acquiring/jobs.ts'
import { ohlcCall } from '../../../lib/src/publishers/agents/data-acquiring/windows.ts'
import { type CoinGeckoConfig, coingecko } from '../../../lib/src/publishers/sources/coingecko/index.ts'
import { loadConfig } from '../../../lib/src/streaming/platform/index.ts'
import { temporary } from '../../support/temporary.ts'

const coins = (count: number, from = 0): string[] => Array.from({ length: count }, (_, i) => `coin-${from + i}`)
const account = (settings: object = {}): CoinGeckoConfig =>
  coingecko.config.parse({ api_key: 'CG-key', calls_per_month: 1e7, ...settings })
const watching = (...watch: readonly object[]) => config.parse({ watch }).watch

describe('the budget of a watch list', () => {
  const list = watching(
    { coins: coins(50), kind: 'ohlc', priority: 'high', max_age: '5m' },
    { coins: coins(150, 50), kind: 'ohlc', max_age: '15m' },
    { coins: coins(300, 200), kind: 'ohlc', priority: 'low', max_age: '1h' },
  )

  test('allows 500 instruments that need 25 of 30 calls a minute', () => {
    expect(budgetOf(list, account(), false)).toEqual({
      needed: expect.closeTo(25, 6),
      promised: 27,
      spacingMs: 61_000 / 30,
    })
  })

  test('refuses a list that needs more, with the arithmetic', () => {
    const greedy = watching(
      { coins: coins(450), kind: 'ohlc', max_age: '10m' },
      { coins: coins(50, 450), kind: 'ohlc', priority: 'low', max_age: '1h' },
    )
    expect(budgetOf(greedy, account(), false).problem).toBe(
      '450 of 500 instruments need a call each every 10m (45) + 50 of 500 instruments need a call each every 1h (0.833) = 45.83 calls/minute; ' +
        'the demo plan allows 30, of which 27 can be promised (a tenth is left for retries): ' +
        "lengthen max_age, watch fewer, or set the source's calls_per_minute and calls_per_month to those of your account",
    )
  })

  test('is checked before the agent starts', () => {
    expect(() => requireBudget(budgetOf(list, account({ calls_per_minute: 20 }), false))).toThrow(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        field: 'agents.data-acquiring.watch',
        message: expect.stringMatching(/= 25 calls\/minute; the demo plan allows 20, of which 18 can be promised/),
      }),
    )
  })

  test('counts monthly credits, and the calls of the source itself', () => {
    expect(budgetOf(list, account({ calls_per_month: 10_000 }), false).problem).toMatch(
      /= 25 calls\/minute; the demo plan allows 10000 a month, which are 0.224 a minute, of which 0.202 can be promised/,
    )
    const { problem } = budgetOf(list, account(), true)
    expect(problem).toMatch(
      /of which 24.07 can be promised .*, and the source itself makes 2.93\): .*leave it out of sources\.run/,
    )
  })

  test('shares a call among prices', () => {
    const jobs = jobsOf(watching({ coins: coins(300), currencies: ['usd', 'eur'], max_age: '1m' }))
    expect(jobs.length).toBeLessThan(4)
    expect(budgetOf(watching({ coins: coins(300), max_age: '1m' }), account(), false)).toMatchObject({ needed: jobs.length })
  })

  test('counts an instrument named twice once, with the stricter promise', () => {
    const twice = watching(
      { coins: ['acorn'], kind: 'ohlc', priority: 'low', max_age: '10m' },
      { coins: ['acorn'], kind: 'ohlc', priority: 'high', max_age: '20m' },
    )
    expect(jobsOf(twice)).toMatchObject([{ priority: 'high', maxAgeMs: 600_000 }])
  })

  test('refuses candle lengths that the plan does not give', () => {
    const hourly = watching({ coins: ['acorn'], kind: 'ohlc', timeframe: '1h', max_age: '1h' })
    expect(budgetOf(hourly, account(), false).problem).toBe('entry 1 asks for candles of 1h; the demo plan gives 30m, 4h and 4d')
    expect(budgetOf(hourly, account({ plan: 'pro' }), false).problem).toBeUndefined()
    expect(ohlcCall('1h', 3_600_000)).toEqual({ days: '1', interval: 'hourly' })
  })
})

describe('the settings of a watch list', () => {
  test('name the problem of a promise', () => {
    const tried = (max_age: string, timeframe = '30m') =>
      config.safeParse({ watch: [{ coins: ['acorn'], kind: 'ohlc', timeframe, max_age }] }).error?.issues[0]
    expect(tried('soon')).toMatchObject({ path: ['watch', 0, 'max_age'], message: 'expected such as 90s, 10m, 6h or 1d' })
    expect(tried('13h')).toMatchObject({ message: 'candles of 30m would be missed: expected 12h or less' })
    expect(tried('14d', '4h')).toBeUndefined()
  })

  test('are refused when the configuration is read, naming the field', async () => {
    const cwd = await temporary('watch')
    const yaml = `agents: { data-acquiring: { watch: [{ coins: [${coins(400)}], kind: ohlc, max_age: 10m }] } }\n`
    await writeFile(join(cwd, 'qicore.yaml'), yaml)
    const load = () => loadConfig({ cwd, env: { QICORE_SOURCES: 'none' } })
    expect(load).toThrow(
      /^agents.data-acquiring.watch: 400 instruments need a call each every 10m = 40 calls\/minute; the keyless plan allows 10, of which 9 can be promised/,
    )
    expect(load).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID', field: 'agents.data-acquiring.watch' }))
  })
})
