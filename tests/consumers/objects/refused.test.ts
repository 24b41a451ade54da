import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { price } from '../../../lib/src/base/types/index.ts'
import { CryptoDataPlatform, loadConfig } from '../../../lib/src/streaming/platform/index.ts'
import { qicore } from '../../app/cli/qicore.ts'
import { aPrice } from '../../database/records.ts'
import { createDatabase, testDatabase } from '../../support/database.ts'
import { careless } from '../../support/doubles/objectStub.ts'
import { S3_KEYS, startGcs, startS3 } from '../../support/objectServers.ts'
import { describeWith } from '../../support/services.ts'
import { temporary } from '../../support/temporary.ts'
import { until } from '../../support/until.ts'
import { gcsBucket, pricesIn, s3Bucket, s3Client } from './bucket.ts'
import { BUCKET } from './destination.ts'

/** A platform with a record in its stream, and a destination that refuses it. */
async function platformWith(lake: string) {
  const database = await createDatabase()
  onTestFinished(() => database.drop())
  const cwd = await temporary('refused')
  await writeFile(
    join(cwd, 'qicore.yaml'),
    `sources: { run: [] }\ndestinations:\n  lake: { ${lake}, records: [price], roll: { age: 50ms } }\n`,
  )
  const { config } = loadConfig({ cwd, env: { DATABASE_URL: database.url } })
  const platform = new CryptoDataPlatform({ config, watchMs: 50 })
  onTestFinished(() => platform.stop())
  await platform.start()
  await platform.stream.append(price.topic, [{ key: 'a', value: price.encode(aPrice({ price: '7' })) }])
  const state = () => platform.getStatus().consumers.find(({ destination }) => destination === 'lake')?.state
  await until(() => state() === 'parked', 'the delivery to be parked')
  const { parts } = await platform.health()
  return { platform, part: parts.find(({ name }) => name === 'consumer lake/lake') }
}

const s3At = (url: string, secret: string = S3_KEYS.secret_access_key) =>
  `type: s3, bucket: ${BUCKET}, endpoint: "${url}", access_key_id: ${S3_KEYS.access_key_id}, secret_access_key: ${secret}`

describeWith('versitygw', 'a bucket of S3 that refuses', { timeout: 60_000 }, () => {
  test('for a wrong secret: the delivery is parked, and the health names the setting to correct', async () => {
    const server = await startS3(BUCKET)
    onTestFinished(() => server.stop())
    const { part } = await platformWith(s3At(server.url, 'another-secret-of-the-tests'))
    expect(part).toMatchObject({ status: 'degraded', code: 'UNAUTHORIZED', action: expect.stringContaining('resume') })
    expect(JSON.stringify(part)).toContain('destinations.lake.secret_access_key')
    expect(JSON.stringify(part)).not.toContain('another-secret-of-the-tests')
  })

  test('as it is not there: once it is, and the delivery is resumed, the records are', async () => {
    const server = await startS3()
    onTestFinished(() => server.stop())
    const { platform, part } = await platformWith(s3At(server.url))
    expect(part).toMatchObject({ code: 'NOT_FOUND', summary: expect.stringContaining('destinations.lake.bucket') })
    await server.makeBucket(BUCKET)
    await platform.resumeDelivery('lake/lake')
    const bucket = s3Bucket(s3Client(server.url), BUCKET)
    await until(async () => (await bucket.keys()).length > 0, 'the object')
    expect(await pricesIn(bucket, '')).toEqual(['7'])
  })
})

describeWith('fake-gcs-server', 'a bucket of Google Cloud that refuses', { timeout: 60_000 }, () => {
  test('as it is not there: once it is, and the delivery is resumed, the records are', async () => {
    const server = await startGcs()
    onTestFinished(() => server.stop())
    const { platform, part } = await platformWith(`type: gcs, bucket: ${BUCKET}, endpoint: "${server.url}", anonymous: true`)
    expect(part).toMatchObject({ code: 'NOT_FOUND', summary: expect.stringContaining('destinations.lake.bucket') })
    await server.makeBucket(BUCKET)
    await platform.resumeDelivery('lake/lake')
    const bucket = gcsBucket(server.url, BUCKET)
    await until(async () => (await bucket.keys()).length > 0, 'the object')
    expect(await pricesIn(bucket, '')).toEqual(['7'])
  })
})

const { url } = await testDatabase()

async function checked(lake: string, env: Readonly<Record<string, string>> = {}) {
  const cwd = await temporary('checked')
  await mkdir(cwd, { recursive: true })
  await writeFile(join(cwd, 'qicore.yaml'), `sources: { run: [] }\ndestinations:\n  lake: { ${lake} }\n`)
  return qicore(['destination', 'check', 'lake'], { cwd, env: { DATABASE_URL: url, ...env } })
}

test('qicore destination check reports an endpoint that makes a destination at least once', async () => {
  await using stub = await careless('ignores')
  expect(await checked(s3At(stub.url))).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/✔ destination lake .*at least once: the server does not refuse a second put of one name/),
  })
})

test.each([
  ['s3', '@aws-sdk/client-s3@3', 'bucket: lake, region: eu-central-1'],
  ['gcs', 'google-auth-library@11', 'bucket: lake'],
] as const)('%s without its package says how to install it', async (type, wanted, settings) => {
  const name = wanted.slice(0, wanted.lastIndexOf('@'))
  const preload = `--import ${join(import.meta.dirname, '../../support/doubles/withoutPackage.ts')}`
  const { code, stdout, stderr } = await checked(`type: ${type}, ${settings}`, { NODE_OPTIONS: preload, HIDDEN_PACKAGE: name })
  expect(code).not.toBe(0)
  expect(stdout + stderr).toContain(
    `destinations.lake.type "${type}" needs the package ${name}, which is not installed: npm install ${wanted}`,
  )
})
