import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openStore } from '../../../lib/src/base/database/index.ts'
import { type Decimal, type Instrument, instrument, price } from '../../../lib/src/base/types/index.ts'
import { loadConfig } from '../../../lib/src/streaming/platform/index.ts'
import { testDatabase } from '../../support/database.ts'
import { until } from '../../support/until.ts'
import { makeProject, type Project } from './project.ts'
import { document, failure, qicore, up } from './qicore.ts'

describe('qicore init', () => {
  it('writes a file of comments that are valid settings once uncommented, and never overwrites a file', async () => {
    const cwd = await mkdtemp(join(tmpdir(), 'qicore-init-'))
    const file = join(cwd, 'qicore.yaml')
    expect((await qicore(['init'], { cwd })).stdout).toBe(`written: ${file}\n`)
    const written = await readFile(file, 'utf8')
    expect(written.split('\n').filter((line) => line !== '' && !line.startsWith('#'))).toEqual([])
    expect((await qicore(['config', 'check'], { cwd })).code).toBe(0)
    const again = await qicore(['init', '--json'], { cwd })
    expect([again.code, failure(again)]).toMatchObject([
      1,
      { code: 'CONFLICT', message: expect.stringContaining('exists already and was not changed') },
    ])
    expect(await readFile(file, 'utf8')).toBe(written)
    await writeFile(file, written.replaceAll(/^#( *[a-z_]+:)/gm, '$1'))
    const { config, provenance } = loadConfig({ cwd, env: {} })
    expect(config.sources.run).toEqual(['coingecko'])
    expect(provenance.filter(({ from }) => from === 'qicore.yaml').length).toBeGreaterThan(15)
    await rm(cwd, { recursive: true, force: true })
  })
})

describe('with a running platform', () => {
  let project: Project
  beforeAll(async () => {
    project = await makeProject('everyday')
  })
  afterAll(() => project[Symbol.asyncDispose]())

  it('open opens its page, or prints the address; find and sql read the embedded store beside it', async () => {
    const { cwd } = project
    expect(await qicore(['open'], { cwd })).toMatchObject({ code: 3, stderr: expect.stringContaining('`qicore up` starts one') })
    const running = await up({ cwd }, '--sources', 'simulated')
    try {
      const bare = await qicore(['open'], { cwd })
      expect(bare).toMatchObject({
        code: 0,
        stdout: `${running.url}\n`,
        stderr: expect.stringContaining('open the address in one'),
      })
      expect(document(await qicore(['open', '--json'], { cwd }))).toEqual({ url: running.url })
      const told = join(cwd, 'told')
      const browser = join(cwd, 'browser')
      await writeFile(browser, `#!/bin/sh\nprintf '%s' "$*" > '${told}.new' && mv '${told}.new' '${told}'\n`)
      await chmod(browser, 0o755)
      expect(await qicore(['open'], { cwd, env: { BROWSER: browser } })).toMatchObject({ code: 0, stderr: '' })
      await until(async () => (await readFile(told, 'utf8').catch(() => '')) === running.url, 'the address in the browser')

      await until(async () => (await qicore(['query', 'latest', 'bitcoin'], { cwd })).code === 0, 'prices in the store')
      const found = document<object[]>(await qicore(['find', 'BTC', '--json'], { cwd }))
      expect(found).toMatchObject([{ coin_id: 'bitcoin', stored: true, rank: 1 }])
      const counted = document(await qicore(['sql', 'select count(*) > 0 as some from crypto_prices', '--json'], { cwd }))
      expect(counted).toEqual({ columns: ['some'], rows: [[true]], more: false })
    } finally {
      await running.stop()
    }
  })
})

describe('with a store of its own', async () => {
  const { url } = await testDatabase()
  const env = { DATABASE_URL: url, QICORE_SOURCES: 'none' }
  let cwd: string
  beforeAll(async () => {
    cwd = await mkdtemp(join(tmpdir(), 'qicore-everyday-'))
    await using store = await openStore({ home: '/nowhere', databaseUrl: url })
    const now = Math.floor(Date.now() / 1000) * 1_000_000
    const common = { source: 'coingecko', time: now, receivedAt: now, origin: 'live' as const }
    const listed = (coinId: string, symbol: string, name: string): Instrument => ({
      ...{ ...common, coinId, kind: 'currency', symbol, name, active: true },
    })
    await store.timescale.upsert(instrument, [
      listed('bitcoin', 'btc', 'Bitcoin'),
      listed('batcat', 'btc', 'batcat'),
      listed('wrapped-bitcoin', 'wbtc', 'Wrapped Bitcoin'),
    ])
    const priced = (coinId: string, marketCap?: string, currency = 'usd', source = 'coingecko') => ({
      ...{
        ...common,
        source,
        coinId,
        currency,
        price: '1234567.000000000000000000001' as Decimal,
        change24hPct: '1.5' as Decimal,
      },
      ...(marketCap && { marketCap: marketCap as Decimal }),
    })
    await store.timescale.upsert(price, [
      priced('aave', '1000'),
      priced('bitcoin', '1745969192521'),
      priced('bitcoin', '1600000000000', 'eur'),
      priced('unknown-cap'),
      priced('wrapped-bitcoin', '50000'),
      priced('BTC/USDT', undefined, 'USDT', 'venue'),
    ])
  })
  afterAll(() => rm(cwd, { recursive: true, force: true }))
  const ask = (...args: string[]) => qicore(args, { cwd, env })

  it('find lists the candidates of a ticker with their ids', async () => {
    const { stdout } = await ask('find', 'btc')
    expect(stdout.split('\n').map((line) => line.trim().split(/\s{2,}/))).toEqual([
      ['ID', 'TICKER', 'NAME', 'KIND', 'SOURCE', 'RANK', 'STORED'],
      ['bitcoin', 'BTC', 'Bitcoin', 'currency', 'coingecko', '1', 'yes'],
      ['batcat', 'BTC', 'batcat', 'currency', 'coingecko', 'no'],
      ['BTC/USDT', 'venue', 'yes'],
      ['wrapped-bitcoin', 'WBTC', 'Wrapped Bitcoin', 'currency', 'coingecko', '2', 'yes'],
      [''],
    ])
    const stored = document<{ coin_id: string }[]>(await ask('find', 'btc', '--stored', '--json'))
    expect(stored.map(({ coin_id }) => coin_id)).toEqual(['bitcoin', 'BTC/USDT', 'wrapped-bitcoin'])
    for (const { coin_id } of stored) expect((await ask('query', 'latest', coin_id)).code).toBe(0)
    expect(await ask('find', 'nothing-like-it')).toMatchObject({ code: 4, stdout: '' })
  })

  it('latest prices are sorted by capitalisation, unknown last, with short figures', async () => {
    const { stdout, code } = await ask('query', 'latest')
    expect(code).toBe(0)
    const [head, ...rows] = stdout.trimEnd().split('\n')
    expect(head).toMatch(/^COIN +PRICE +CURRENCY +24 H % +MARKET CAP +SOURCE +AGE +ORIGIN$/)
    expect(rows.map((row) => row.split(/\s+/)[0])).toEqual([
      'bitcoin',
      'bitcoin',
      'wrapped-bitcoin',
      'aave',
      'BTC/USDT',
      'unknown-cap',
    ])
    expect(rows[1]).toMatch(/^bitcoin +1,234,567 +usd +\+1\.50 +1\.746 T /)
    expect((await ask('query', 'latest', 'bitcoin', '--currency', 'usd', '--exact')).stdout).toMatch(
      /^bitcoin +1234567\.000000000000000000001 +usd +\+1\.5 +1745969192521 /m,
    )
    const byName = await ask('query', 'latest', '--sort', 'coin', '--csv')
    expect(byName.stdout.split('\r\n').map((row) => row.split(',')[0])).toEqual([
      ...['coin_id', 'BTC/USDT', 'aave', 'bitcoin', 'bitcoin', 'unknown-cap', 'wrapped-bitcoin', ''],
    ])
  })

  it('sorted prices come in pages, each row once', async () => {
    const seen: string[] = []
    for (let next: string | undefined, page = 0; page < 10; page++) {
      const args = ['query', 'latest', '--limit', '2', '--json', ...(next ? ['--after', next] : [])]
      const answer = document<{ items: { coin_id: string; currency: string }[]; next?: string }>(await ask(...args))
      seen.push(...answer.items.map(({ coin_id, currency }) => `${coin_id} ${currency}`))
      next = answer.next
      if (!next) break
    }
    expect(seen).toEqual(['bitcoin eur', 'bitcoin usd', 'wrapped-bitcoin usd', 'aave usd', 'BTC/USDT USDT', 'unknown-cap usd'])
    const { next } = document<{ next: string }>(await ask('query', 'latest', '--limit', '1', '--json'))
    const other = await ask('query', 'latest', '--sort', 'coin', '--after', next)
    expect(other).toMatchObject({ code: 2, stderr: expect.stringContaining('is not the `next` of a page of this list') })
  })

  it('sql prints a table, CSV or JSON with every digit, and only reads', async () => {
    const statement = "select coin_id, price, null as nothing, 'a \"b\", c' as text from crypto_prices where coin_id = 'aave'"
    expect((await ask('sql', statement)).stdout).toMatch(
      /^COIN_ID +PRICE +NOTHING +TEXT\naave +1234567\.000000000000000000001 +a "b", c\n$/,
    )
    expect((await ask('sql', statement, '--csv')).stdout).toBe(
      'coin_id,price,nothing,text\r\naave,1234567.000000000000000000001,,"a ""b"", c"\r\n',
    )
    expect(document(await ask('sql', 'select 1 as a, 2 as a', '--json'))).toEqual({
      columns: ['a', 'a'],
      rows: [[1, 2]],
      more: false,
    })
    expect(await ask('sql', 'select coin_id from crypto_prices', '--limit', '1')).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('there are more rows: raise --limit (now 1)'),
    })
    const piped = await qicore(['sql', '-', '--csv'], { cwd, env, input: 'select 7 as seven' })
    expect(piped.stdout).toBe('seven\r\n7\r\n')
    for (const refused of ['delete from crypto_prices', "select pg_read_file('/etc/passwd')", 'select 1; select 2'])
      expect([2, 5], refused).toContain((await ask('sql', refused)).code)
    expect(await ask('sql', 'select 1', '--limit', '0')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--limit "0"'),
    })
  })
})
