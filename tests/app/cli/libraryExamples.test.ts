import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openStore } from '../../../lib/src/base/database/index.ts'
import { nowMicros } from '../../../lib/src/base/types/index.ts'
import { storeVenues, venueRecords } from '../../support/venueRecords.ts'
import { makeProject, type Project } from './project.ts'
import { type Ended, Running } from './qicore.ts'

let project: Project
beforeAll(async () => {
  project = await makeProject('examples', 'sources: { simulated: { interval_ms: 200 } }\n')
})
afterAll(() => project[Symbol.asyncDispose]())

const example = (name: string, ...args: readonly string[]): Promise<Ended> =>
  new Running(args, {
    cwd: project.cwd,
    main: fileURLToPath(new URL(`../../../examples/${name}.ts`, import.meta.url)),
    env: { NODE_OPTIONS: '--conditions=qicore-source' },
  }).ended

describe('the examples', () => {
  it('own-records writes and reads figures that fit no float', async () => {
    expect(await example('own-records')).toEqual({
      code: 0,
      stdout: '2 written, 0 refused\nmy-coin: 123456789012345.12345678 usd\nmy-dust: 0.000000000000000000056 usd\n',
      stderr: '',
    })
  })

  it('live-records follows ten records and ends', async () => {
    const { code, stdout, stderr } = await example('live-records')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout.match(/^[a-z]+: [\d.]+ usd \(simulated\)$/gm)).toHaveLength(10)
  })

  it('venue-spreads compares exchanges, and says what is missing', async () => {
    const unknown = await example('venue-spreads', 'BTC/USDT')
    expect(unknown).toMatchObject({ code: 0, stdout: expect.stringContaining('no quote of "BTC/USDT" is stored') })
    {
      await using store = await openStore({ home: project.home })
      await storeVenues(store, venueRecords(nowMicros()))
    }
    const { code, stdout, stderr } = await example('venue-spreads', 'BTC/USDT', '3600')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^binance: [\d.]+ \/ [\d.]+ USDT, spread 0\.1 \(0\.01 bps\)\nkraken: /)
    expect(stdout).toMatch(/^best in USDT: sell at \w+ for [\d.]+, buy at \w+ for [\d.]+: -?[\d.]+ \(-?[\d.]+ bps\)$/m)
  })

  it('query-prices prints a stored coin, and an error for an unknown one', async () => {
    expect((await example('own-records')).code).toBe(0)
    const { code, stdout } = await example('query-prices', 'my-coin')
    expect({ code, stdout }).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^my-coin: 123456789012345\.12345678 usd from my-desk \(live\) at 20/),
    })
    expect(stdout).toMatch(/^the last [12] minutes, from my-desk:\n/m)
    const unknown = await example('query-prices', 'bitconnect')
    expect(unknown).toMatchObject({ code: 0, stdout: expect.stringContaining('bitconnect') })
  })
})
