import { expect, test } from 'vitest'
import { QiError } from '../../../lib/src/base/index.ts'
import { createDatabase } from '../../support/database.ts'
import { type Engines, getJson, openEngines, platformOf, recordingLogger, serving } from './served.ts'

/** A platform whose store fails with this. */
const failing = (error: unknown) => {
  const store = { dsl: { getLatestPrices: () => Promise.reject(error) } } as unknown as Engines['store']
  return platformOf({ store, stream: {} as Engines['stream'] })
}

test('a defect is logged under an id; the caller gets the id and nothing of the inside', async () => {
  const logger = recordingLogger()
  const { url } = await serving(failing(new TypeError('secret at /home/me/x.ts')), { logger })
  const { status, body } = await getJson(`${url}/api/v1/prices/latest`)
  expect(status).toBe(500)
  const { error } = body as { error: { id: string; message: string } }
  expect(error).toMatchObject({ code: 'INTERNAL', retryable: false })
  expect(JSON.stringify(body)).not.toContain('secret')
  expect(logger.lines).toContainEqual({
    fields: expect.objectContaining({ id: error.id }),
    message: expect.stringContaining('secret at'),
  })
})

test('how long to wait is told in a header, in whole seconds', async () => {
  const { url } = await serving(failing(new QiError('RATE_LIMITED', 'slowly', { retryAfterMs: 1_200 })))
  const { status, headers, body } = await getJson(`${url}/api/v1/prices/latest`)
  expect([status, headers.get('retry-after')]).toEqual([429, '2'])
  expect(body).toEqual({ error: { code: 'RATE_LIMITED', message: 'slowly', retryable: true, retry_after_ms: 1200 } })
})

test('without its database the server answers 503, says that it may be tried again, and is neither healthy nor ready', async () => {
  const database = await createDatabase()
  await using engines = await openEngines(database.url)
  const { url } = await serving(platformOf(engines))
  expect((await getJson(`${url}/health`)).body).toMatchObject({
    status: 'up',
    parts: [
      { name: 'store', status: 'up' },
      { name: 'stream', status: 'up' },
    ],
  })
  expect((await getJson(`${url}/ready`)).body).toEqual({ ready: true, waiting_for: [] })
  await database.drop()
  const { status, body } = await getJson(`${url}/api/v1/prices/latest`)
  const password = new URL(database.url).password
  expect(status).toBeGreaterThanOrEqual(400)
  if (password) expect(JSON.stringify(body)).not.toContain(password)
  // The answer of a second ago is given again.
  await new Promise((resolve) => setTimeout(resolve, 1_100))
  const health = await getJson(`${url}/health`)
  expect([health.status, health.body]).toEqual([503, expect.objectContaining({ status: 'down' })])
  expect(await getJson(`${url}/ready`)).toMatchObject({
    status: 503,
    body: { ready: false, waiting_for: expect.arrayContaining(['store']) },
  })
})

test('not ready before the platform is initialized, and while a consumer does not run', async () => {
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
