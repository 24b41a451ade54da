import { expect, test } from 'vitest'
import { QiError } from '../../../lib/src/base/types/index.ts'
import { createDatabase } from '../../support/database.ts'
import { until } from '../../support/until.ts'
import { openLine } from './line.ts'
import { type Engines, getJson, openEngines, platformOf, recordingLogger, serving } from './served.ts'

/** A platform whose store fails with this error. */
const failing = (error: unknown) => {
  const store = { reads: { dsl: { getLatestPrices: () => Promise.reject(error) } } } as unknown as Engines['store']
  return platformOf({ store, stream: {} as Engines['stream'] })
}

test('a defect is logged under an id; the caller gets the id without internal details', async () => {
  const logger = recordingLogger()
  const { url } = await serving(failing(new TypeError('secret at /home/me/x.ts')), { logger })
  const { status, body } = await getJson(`${url}/api/v1/prices/latest`)
  expect(status).toBe(500)
  const { id } = body as { id: string }
  expect(body).toMatchObject({ code: 'INTERNAL', retryable: false })
  expect(JSON.stringify(body)).not.toContain('secret')
  expect(logger.lines).toContainEqual({
    fields: expect.objectContaining({ id }),
    message: expect.stringContaining('secret at'),
  })
})

test('the header retry-after has whole seconds', async () => {
  const { url } = await serving(failing(new QiError('RATE_LIMITED', 'slowly', { retryAfterMs: 1_200 })))
  const { status, headers, body } = await getJson(`${url}/api/v1/prices/latest`)
  expect([status, headers.get('retry-after')]).toEqual([429, '2'])
  expect(body).toMatchObject({ code: 'RATE_LIMITED', detail: 'slowly', retryable: true, retry_after_ms: 1200 })
})

test('without its database the server answers 503 at once without internal details, is neither healthy nor ready, and recovers', async () => {
  const database = await createDatabase()
  const line = await openLine(database.url)
  await using engines = await openEngines(line.url)
  const { url } = await serving(platformOf(engines))
  expect(await getJson(`${url}/health`)).toMatchObject({ status: 200, body: { status: 'up' } })
  expect((await getJson(`${url}/ready`)).body).toEqual({ ready: true, waiting_for: [] })

  await line.cut()
  const { status, body } = await getJson(`${url}/api/v1/prices/latest`)
  expect(status).toBe(503)
  expect(body).toMatchObject({ code: 'UNAVAILABLE', retryable: true, detail: expect.stringContaining('/health') })
  expect(JSON.stringify(body)).not.toMatch(/ECONN|127\.0\.0\.1|SQLSTATE/)
  const health = await until(async () => {
    const found = await getJson(`${url}/health`)
    return found.status === 503 && found
  }, 'health to be down')
  expect(health.body).toMatchObject({
    status: 'down',
    parts: expect.arrayContaining([expect.objectContaining({ status: 'down', summary: expect.any(String) })]),
  })
  expect(await getJson(`${url}/ready`)).toMatchObject({
    status: 503,
    body: { ready: false, waiting_for: expect.arrayContaining([expect.any(String)]) },
  })

  await line.mend()
  await until(async () => (await fetch(`${url}/api/v1/prices/latest`)).status === 200, 'prices to be back')
  await until(async () => (await fetch(`${url}/ready`)).status === 200, 'readiness to be back')
})

test('a missing table is not reported as a fault of the caller', async () => {
  const missing = new QiError('NOT_FOUND', 'relation "crypto_prices" does not exist', { cause: new Error('42P01') })
  const { url } = await serving(failing(missing))
  const { status, body } = await getJson(`${url}/api/v1/prices/latest`)
  expect([status, body]).toEqual([500, expect.objectContaining({ code: 'INTERNAL', retryable: false })])
  expect(JSON.stringify(body)).not.toContain('crypto_prices')
})

test('is not ready before the platform is initialized, and while a consumer does not run', async () => {
  const closed = () => {
    throw new QiError('CLOSED', 'the platform is not initialized')
  }
  const parts = [{ name: 'store', status: 'up', since: 0, summary: '' }] as const
  const health = async () => ({ status: 'up', parts }) as const
  const engines = { store: {}, stream: {} } as unknown as Engines
  const early = await serving({ ...platformOf(engines), getStatus: closed, health })
  expect(await getJson(`${early.url}/ready`)).toMatchObject({ status: 503, body: { waiting_for: ['platform'] } })
  const [consumer] = platformOf(engines).getStatus().consumers
  const stopped = await serving({ ...platformOf(engines, { consumers: [{ ...consumer!, state: 'retrying' }] }), health })
  expect(await getJson(`${stopped.url}/ready`)).toMatchObject({ status: 503, body: { waiting_for: ['consumer crypto-data'] } })
})
