import { AbortMultipartUploadCommand, CreateMultipartUploadCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type QiError, silentLogger } from '../../../lib/src/base/types/index.ts'
import { s3 } from '../../../lib/src/consumers/sinks/s3/index.ts'
import { tidy } from '../../../lib/src/consumers/sinks/s3/tidy.ts'
import { Network } from '../../chaos/network.ts'
import { careless, s3Error, stubOf } from '../../support/doubles/objectStub.ts'
import { type ObjectServer, startS3 } from '../../support/objectServers.ts'
import { describeWith } from '../../support/services.ts'
import { s3Bucket, s3Client, uploadsOf } from './bucket.ts'
import { BUCKET, laneOf, never, openingS3 } from './destination.ts'
import { keepsRepeats, large, objectSuite } from './objectSuite.ts'

describeWith('versitygw', 'the destination s3', () => {
  let server: ObjectServer
  beforeAll(async () => {
    server = await startS3(BUCKET)
  })
  afterAll(() => server.stop())
  const open = openingS3(() => server.url)

  objectSuite('objects in S3', {
    server: () => server,
    bucket: () => s3Bucket(s3Client(server.url), BUCKET),
    open,
    formats: [
      ['ndjson', 'none'],
      ['csv', 'zstd'],
      ['parquet', 'none'],
    ],
  })

  test('the error about a refused secret or key names its setting, and does not show the secret', async () => {
    const secret = 'another-secret-of-the-tests'
    const refused = await open({ secret_access_key: secret }).catch((error: unknown) => error as QiError)
    expect(refused).toMatchObject({
      code: 'UNAUTHORIZED',
      retryable: false,
      field: 'destinations.lake.secret_access_key',
      message: expect.stringMatching(/the credentials are refused, SignatureDoesNotMatch.*correct them/),
    })
    expect(JSON.stringify(refused)).not.toContain(secret)
    await expect(open({ access_key_id: 'nobody' })).rejects.toMatchObject({
      code: 'UNAUTHORIZED',
      field: 'destinations.lake.access_key_id',
    })
  })

  test('closing in the middle of an upload aborts it on the server', { timeout: 60_000 }, async () => {
    await using network = await Network.open(() => ({ host: '127.0.0.1', port: server.port }))
    const sink = await open({ prefix: 'closed', endpoint: `http://127.0.0.1:${network.port}` })
    const writer = await laneOf(sink, large())
    network.slow({ latencyMs: 1, bytesPerSecond: 20_000_000 })
    const sealing = writer.seal(never)
    sealing.catch(() => {})
    await network.passed(9 * 1024 * 1024)
    const uploads = async () => (await uploadsOf(s3Client(server.url), BUCKET)).filter((key) => key.startsWith('closed/'))
    expect(await uploads()).toHaveLength(1)
    await sink.close()
    await expect(sealing).rejects.toMatchObject({ code: 'CANCELLED' })
    expect(await uploads()).toEqual([])
  })

  test('parts of a killed process are removed once they are stale', async () => {
    const client = s3Client(server.url)
    const Key = 'left/price/a'
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket: BUCKET, Key }))
    const sdk = await import('@aws-sdk/client-s3')
    const options = { bucket: BUCKET, prefix: 'left/', signal: never }
    await tidy(sdk, client, options)
    expect(await uploadsOf(client, BUCKET)).toContain(Key)
    await tidy(sdk, client, { ...options, prefix: 'other/', staleMs: -1_000 })
    expect(await uploadsOf(client, BUCKET)).toContain(Key)
    await tidy(sdk, client, { ...options, staleMs: -1_000 })
    expect(await uploadsOf(client, BUCKET)).not.toContain(Key)
    await expect(client.send(new AbortMultipartUploadCommand({ Bucket: BUCKET, Key, UploadId }))).rejects.toThrow()
  })
})

describe('an endpoint of S3', () => {
  test.each(['ignores', 'does not know'] as const)(
    'that %s the condition of a put is at least once, and says so',
    async (how) => {
      await using stub = await careless(how)
      const bucket = s3Bucket(s3Client(stub.url), BUCKET)
      await keepsRepeats(
        openingS3(() => stub.url),
        bucket,
      )
    },
  )

  test.each([
    [503, 'SlowDown', { code: 'UNAVAILABLE', retryable: true }],
    [500, 'InternalError', { code: 'UNAVAILABLE', retryable: true }],
    [403, 'AccessDenied', { code: 'FORBIDDEN', retryable: false, field: 'destinations.lake.bucket' }],
    [403, 'RequestTimeTooSkewed', { code: 'UNAVAILABLE', retryable: true }],
    [400, 'ExpiredToken', { code: 'UNAUTHORIZED', field: 'destinations.lake.session_token' }],
    [400, 'AuthorizationHeaderMalformed', { code: 'CONFIG_INVALID', field: 'destinations.lake.region' }],
    [418, 'Teapot', { code: 'BAD_REQUEST', retryable: false }],
  ] as const)('that answers %i %s', async (status, code, expected) => {
    await using stub = await stubOf((_, response) => s3Error(response, status, code))
    await expect(openingS3(() => stub.url)({})).rejects.toMatchObject(expected)
  })

  test('that is not an object store: it accepts all, and stores nothing', async () => {
    await using stub = await stubOf((_, response) => response.end('<html>welcome</html>'))
    await expect(openingS3(() => stub.url)({})).rejects.toThrow()
  })

  test('that answers with a conflict during another put is retried', async () => {
    await using stub = await stubOf((request, response) => {
      if (request.method === 'PUT') s3Error(response, 409, 'ConditionalRequestConflict')
      else s3Error(response, 404, 'NoSuchKey')
    })
    await expect(openingS3(() => stub.url)({})).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true })
  })

  test('without a listener', async () => {
    await expect(openingS3(() => 'http://127.0.0.1:9')({})).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true })
  })
})

test.each([
  [{ access_key_id: 'x', secret_access_key: undefined }, 'destinations.lake.secret_access_key: access_key_id needs it'],
  [{ access_key_id: undefined }, 'destinations.lake.access_key_id: secret_access_key needs it'],
  [{ profile: 'work' }, 'destinations.lake.profile: it replaces access_key_id'],
  [{ kms_key_id: 'x' }, 'destinations.lake.kms_key_id: it needs encryption: aws:kms'],
  [{ format: 'parquet', compression: 'gzip' }, 'destinations.lake.compression: Parquet compresses its columns itself'],
])('contradicting settings: %j', async (settings, message) => {
  await expect(openingS3(() => 'http://127.0.0.1:9')(settings)).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining(message),
  })
})

test.each([
  { bucket: 'UPPER' },
  { bucket: 'a/b' },
  { bucket: 'lake', prefix: '/lake' },
  { bucket: 'lake', prefix: 'a//b' },
  { bucket: 'lake', endpoint: 'ftp://x' },
  { bucket: 'lake', endpoint: 'http://user:secret@127.0.0.1:9000' },
  { bucket: 'lake', region: 'Europe!' },
])('an invalid setting: %j', (settings) => {
  expect(s3.config.safeParse(settings).success).toBe(false)
})

test('without keys, profile or environment there are no credentials, and the error says which to give', async () => {
  const own = Object.keys(process.env).filter((name) => /^(AWS_|HOME$)/.test(name))
  const before = Object.fromEntries(own.map((name) => [name, process.env[name]]))
  for (const name of own) delete process.env[name]
  Object.assign(process.env, {
    AWS_EC2_METADATA_DISABLED: 'true',
    HOME: '/nowhere',
    AWS_SHARED_CREDENTIALS_FILE: '/nowhere/a',
    AWS_CONFIG_FILE: '/nowhere/b',
  })
  try {
    const settings = s3.config.parse({ bucket: BUCKET, endpoint: 'http://127.0.0.1:9' })
    const context = {
      name: 'lake',
      pipeline: 'lake',
      logger: silentLogger,
      signal: never,
      home: '/nowhere',
      store: undefined as never,
    }
    await expect(s3.open(settings, context)).rejects.toMatchObject({
      code: 'UNAUTHORIZED',
      message: expect.stringMatching(/no credentials were found.*set access_key_id and secret_access_key/),
    })
  } finally {
    for (const name of ['AWS_EC2_METADATA_DISABLED', 'AWS_SHARED_CREDENTIALS_FILE', 'AWS_CONFIG_FILE']) delete process.env[name]
    Object.assign(process.env, before)
  }
})
