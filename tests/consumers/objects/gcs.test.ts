import { request as forward } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type QiError, silentLogger } from '../../../lib/src/base/types/index.ts'
import { gcs } from '../../../lib/src/consumers/sinks/gcs/index.ts'
import { stubOf } from '../../support/doubles/objectStub.ts'
import { type ObjectServer, startGcs } from '../../support/objectServers.ts'
import { describeWith } from '../../support/services.ts'
import { gcsBucket } from './bucket.ts'
import { BUCKET, never, openingGcs } from './destination.ts'
import { keepsRepeats, objectSuite } from './objectSuite.ts'

describeWith('fake-gcs-server', 'the destination gcs', () => {
  let server: ObjectServer
  beforeAll(async () => {
    server = await startGcs(BUCKET)
  })
  afterAll(() => server.stop())
  const open = openingGcs(() => server.url)

  objectSuite('objects in Google Cloud Storage', {
    server: () => server,
    bucket: () => gcsBucket(server.url, BUCKET),
    open,
    formats: [
      ['ndjson', 'gzip'],
      ['json', 'none'],
    ],
  })

  test('an endpoint that ignores the condition of a put is at least once, and says so', async () => {
    await using stub = await stubOf((request, response) => {
      const path = (request.url ?? '').replaceAll(/&?ifGenerationMatch=0/g, '')
      const { method, headers } = request
      const far = forward(server.url + path, { method, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 500, answer.headers)
        answer.pipe(response)
      })
      request.pipe(far)
    })
    await keepsRepeats(
      openingGcs(() => stub.url),
      gcsBucket(server.url, BUCKET),
    )
  })
})

const refusal = (status: number, message: string) =>
  stubOf((request, response) => {
    request.resume()
    response.writeHead(status, { 'content-type': 'application/json', 'retry-after': '7' })
    response.end(JSON.stringify({ error: { code: status, message } }))
  })

describe('an endpoint of GCS', () => {
  test.each([
    [401, { code: 'UNAUTHORIZED', retryable: false, field: 'destinations.lake.key_file' }],
    [403, { code: 'FORBIDDEN', retryable: false, field: 'destinations.lake.bucket' }],
    [400, { code: 'BAD_REQUEST', retryable: false }],
  ] as const)('that answers %i is not asked again', async (status, expected) => {
    await using stub = await refusal(status, 'so it is')
    const failure = await openingGcs(() => stub.url)({}).catch((error: unknown) => error as QiError)
    expect(failure).toMatchObject({ ...expected, message: expect.stringContaining('so it is') })
  })

  test('that is not an object store', async () => {
    await using stub = await stubOf((_, response) => response.end('<html>welcome</html>'))
    await expect(openingGcs(() => stub.url)({})).rejects.toMatchObject({
      code: 'BAD_DATA',
      message: expect.stringContaining('correct endpoint'),
    })
  })

  test('without a listener', async () => {
    await expect(openingGcs(() => 'http://127.0.0.1:9')({})).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true })
  })
})

const context = {
  name: 'lake',
  pipeline: 'lake',
  logger: silentLogger,
  signal: never,
  home: '/nowhere',
  store: undefined as never,
}

test.each([
  [{ key_file: '/nowhere/key.json' }, /^destinations\.lake\.key_file: ENOENT.*give the JSON key of a service account/],
  [{ credentials: 'not json at all' }, /^destinations\.lake\.credentials: it is not JSON/],
  [{ credentials: '{"private_key":"hidden"}' }, /^destinations\.lake\.credentials: it has no "type" service_account/],
  [{ credentials: '{}', anonymous: true }, /^destinations\.lake\.anonymous: it replaces credentials/],
])('invalid credentials: %j', async (settings, message) => {
  const failure = gcs.open(gcs.config.parse({ bucket: BUCKET, ...settings }), context)
  await expect(failure).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringMatching(message) })
})

test('an invalid key is refused, and not shown', async () => {
  const key = {
    type: 'service_account',
    client_email: 'a@b.c',
    private_key: '-----BEGIN PRIVATE KEY-----\nbroken\n-----END PRIVATE KEY-----\n',
  }
  const settings = gcs.config.parse({ bucket: BUCKET, endpoint: 'http://127.0.0.1:9', credentials: JSON.stringify(key) })
  const failure = await gcs.open(settings, context).catch((error: unknown) => error as QiError)
  expect(failure).toMatchObject({ code: 'UNAUTHORIZED', field: 'destinations.lake.credentials' })
  expect((failure as QiError).message).not.toContain('broken')
})
