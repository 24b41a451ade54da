import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { until } from '../../support/until.ts'
import { makeProject, type Project } from './project.ts'
import { document, failure, qicore, Running, type Up, up } from './qicore.ts'

interface Latest {
  readonly items: readonly Readonly<Record<string, string>>[]
}

const env = { QICORE_SOURCES: 'simulated' }
let project: Project
let platform: Up

const latest = async (...args: readonly string[]): Promise<Latest> =>
  document(await qicore(['query', 'latest', '--json', ...args], { cwd: project.cwd, env }))

beforeAll(async () => {
  project = await makeProject('up', 'sources: { simulated: { interval_ms: 200 } }\n')
  platform = await up({ cwd: project.cwd, env })
  await until(async () => (await latest('bitcoin', 'ethereum')).items.length === 2, 'the prices that are asked for')
})

afterAll(async () => {
  await platform?.stop()
  await project?.[Symbol.asyncDispose]()
})

describe('a running platform', () => {
  it('has fresh prices, marked simulated, and the same by query and HTTP', async () => {
    const before = Date.now()
    const { items } = await until(async () => {
      const found = await latest('bitcoin')
      return Date.parse(found.items[0]?.time ?? '') >= before && found
    }, 'a price that is newer than the question')
    expect(items).toEqual([
      expect.objectContaining({
        coin_id: 'bitcoin',
        source: 'simulated',
        origin: 'simulated',
        price: expect.stringMatching(/^\d+(\.\d+)?$/),
      }),
    ])
    const http = (await (await fetch(`${platform.url}/api/v1/prices/latest?coins=bitcoin`)).json()) as Latest
    expect(Object.keys(http.items[0] ?? {})).toEqual(Object.keys(items[0] ?? {}))
  })

  it('prints them as a table, without colours if there is no terminal', async () => {
    const { code, stdout } = await qicore(['query', 'latest', 'bitcoin', 'ethereum'], { cwd: project.cwd, env })
    expect(code).toBe(0)
    const [head, first, second, end] = stdout.split('\n')
    expect(head).toMatch(/^COIN +PRICE +CURRENCY +24 H % +MARKET CAP +VOLUME 24 H +SOURCE +AGE +ORIGIN$/)
    expect(first).toMatch(/^bitcoin +[\d,.]+ +usd +(?:[+-]\d+\.\d\d|0\.00) +[\d.]+ T +[\d.]+ B +simulated +\d+ s +SIMULATED$/)
    expect(second).toMatch(/^ethereum /)
    expect(end).toBe('')
    expect(stdout).not.toContain('\u001b')
  })

  it('prints the known ones of several coins, and names the unknown ones', async () => {
    const end = await qicore(['query', 'latest', 'bitcoin', 'bitconnect', '--json'], { cwd: project.cwd, env })
    expect(document<Latest>(end, 4).items).toHaveLength(1)
    expect(failure(end)).toMatchObject({ code: 'NOT_FOUND', message: expect.stringContaining('bitconnect') })
  })

  it('answers candles and summary as HTTP does', async () => {
    const query = { cwd: project.cwd, env }
    const candles = document<{ series: object; candles: readonly object[] }>(
      await qicore(['query', 'candles', 'bitcoin', '--timeframe', '1m', '--json'], query),
    )
    const http = (await (await fetch(`${platform.url}/api/v1/candles?coin=bitcoin&timeframe=1m`)).json()) as typeof candles
    expect(Object.keys(candles)).toEqual(Object.keys(http))
    expect(Object.keys(candles.series)).toEqual(Object.keys(http.series))
    expect(candles.candles.length).toBeGreaterThan(0)
    const summary = document<object>(await qicore(['query', 'summary', '--json'], query))
    expect(Object.keys(summary)).toEqual(
      Object.keys((await (await fetch(`${platform.url}/api/v1/market/summary`)).json()) as object),
    )
    expect(summary).toMatchObject({ simulated: true })
  })

  it('refuses an unknown coin, timeframe and time, quoting them', async () => {
    const options = { cwd: project.cwd, env }
    const coin = await qicore(['query', 'candles', 'bitconnect', '--json'], options)
    expect([coin.code, failure(coin).code]).toEqual([4, 'NOT_FOUND'])
    const timeframe = await qicore(['query', 'candles', 'bitcoin', '--timeframe', '7m', '--json'], options)
    expect([timeframe.code, failure(timeframe).message]).toEqual([2, expect.stringContaining('timeframe "7m"')])
    const time = await qicore(['query', 'candles', 'bitcoin', '--from', 'tomorrow', '--json'], options)
    expect([time.code, failure(time).message]).toEqual([2, expect.stringContaining('from "tomorrow"')])
  })

  it('tail prints a number of records, or stops when its reader closes the pipe', async () => {
    const counted = await qicore(['tail', 'prices', '--coins', 'bitcoin', '-n', '3', '--json'], { cwd: project.cwd, env })
    expect(counted.code).toBe(0)
    const records = counted.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, string>)
    expect(records.map(({ topic, coin_id }) => `${topic} ${coin_id}`)).toEqual(Array(3).fill('crypto-prices bitcoin'))

    const piped = new Running(['tail', '--from', 'earliest', '--json'], { cwd: project.cwd, env })
    await piped.line(/crypto-prices/)
    piped.stopReading()
    expect(await piped.ended).toMatchObject({ code: 0, stderr: '' })

    const interrupted = new Running(['tail', 'price'], { cwd: project.cwd, env })
    await interrupted.line(/ price .*SIMULATED/)
    interrupted.signal('SIGINT')
    expect(await interrupted.ended).toMatchObject({ code: 0, stderr: '' })
  })

  it('suggests the right record type', async () => {
    const end = await qicore(['tail', 'trads'], { cwd: project.cwd, env })
    expect(end.code).toBe(2)
    expect(end.stderr).toMatch(/there is no record type or topic trads; did you mean trades?\?/)
  })

  it('prevents a second platform in its project', async () => {
    const end = await qicore(['up', '--port', '0', '--json'], { cwd: project.cwd, env })
    expect(end).toMatchObject({ code: 1, stdout: '' })
    expect(failure(end).message).toContain(`process ${platform.process.pid}, ${platform.url}`)
  })
})

describe('up', () => {
  it('reports a port in use before it starts anything', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    await using elsewhere = await makeProject('port')
    const port = String((other.address() as AddressInfo).port)
    const end = await qicore(['up', '--port', port], { cwd: elsewhere.cwd, env })
    other.close()
    expect(end).toMatchObject({ code: 1, stdout: '' })
    expect(end.stderr).toContain(`port ${port} on 127.0.0.1 is in use by another program`)
    expect(end.stderr).toContain('QICORE_PORT')
  })
})
