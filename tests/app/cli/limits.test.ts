import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { until } from '../../support/until.ts'
import { makeProject } from './project.ts'
import { document, failure, qicore, up } from './qicore.ts'

interface Status {
  readonly health: {
    readonly parts: readonly {
      readonly name: string
      readonly status: string
      readonly summary: string
      readonly action: string
    }[]
  }
  readonly status: {
    readonly rate_limits: readonly { readonly peer: string; readonly penalty_by?: string; readonly penalty_until?: string }[]
  }
}

it('status, doctor and limits show a penalty of a year, also after a restart, and limits clear ends it', async () => {
  let limited = true
  let asked = 0
  const server = createServer((_, response) => {
    asked++
    if (limited)
      response.writeHead(429, { 'retry-after': '31536000' }).end('{"status":{"error_code":429,"error_message":"go away"}}')
    else response.writeHead(200, { 'content-type': 'application/json' }).end('[]')
  }).listen(0, '127.0.0.1')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  await once(server, 'listening')
  await using project = await makeProject('limits')
  const env = { QICORE_SOURCES: 'coingecko', COINGECKO_BASE_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
  const options = { cwd: project.cwd, env }
  const none = await qicore(['limits'], options)
  expect(none).toMatchObject({ code: 0, stdout: 'no rate limit has been used in this store\n' })

  const part = async () => {
    const { health, status } = document<Status>(await qicore(['status', '--json'], options))
    const found = health.parts.find(({ name }) => name === 'rate limit CoinGecko')
    return found && { ...found, limits: status.rate_limits }
  }
  const first = await up(options)
  await until(async () => (await part())?.status === 'degraded', 'the penalty')
  await first.stop()

  // The provider works again, but is not called because of the penalty.
  limited = false
  const before = asked
  const second = await up(options)
  await using stopping = new AsyncDisposableStack()
  stopping.defer(async () => void (await second.stop()))
  const shown = await until(part, 'the penalty after a restart')
  expect(shown).toMatchObject({
    status: 'degraded',
    summary: expect.stringMatching(
      /^no call to CoinGecko until 20\d\d-.*Z, as it asked: CoinGecko .*: HTTP 429, error 429: go away/,
    ),
    action: 'one call probes it then; `qicore limits clear CoinGecko` lifts it now',
  })
  expect(asked).toBe(before)

  const doctor = await qicore(['doctor'], options)
  expect(doctor.code).toBe(1)
  expect(doctor.stdout).toMatch(/✖ rate limit +CoinGecko throttles us: no call for .*HTTP 429/)
  expect(doctor.stdout).toContain('qicore limits clear CoinGecko')
  const [listed] = document<{ service: string; limit: number; free: number; penalty_until: string; penalty_by: string }[]>(
    await qicore(['limits', '--json'], options),
  )
  expect(listed).toMatchObject({ service: 'CoinGecko', limit: 10, free: 0, penalty_by: expect.stringContaining('HTTP 429') })
  expect(Date.parse(listed!.penalty_until)).toBeLessThan(Date.now() + 3_600_000)
  expect((await qicore(['limits'], options)).stdout).toMatch(/CoinGecko +[0-9a-f]{8} +10 in 1 min/)

  const typo = await qicore(['limits', 'clear', 'CoinGeko', '--json'], options)
  expect(typo.code).toBe(4)
  expect(failure(typo).message).toMatch(/there is no rate limit of "CoinGeko"; did you mean CoinGecko/)
  const called = asked
  expect(await qicore(['limits', 'clear', 'coingecko'], options)).toMatchObject({ code: 0, stdout: 'penalty ended: CoinGecko\n' })
  await until(() => asked > called, 'a call')
  await until(async () => (await part())?.status === 'up', 'the health')
  expect((await qicore(['limits', 'clear'], options)).stdout).toBe('there was no penalty\n')
})
