import { rm } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openRedpanda, parseRedpandaConfig } from '../../lib/src/streaming/redpanda/index.ts'
import { type Authority, type Certificate, makeAuthority } from '../support/certificates.ts'
import { type Kafka, startKafka } from '../support/kafka.ts'
import { describeWith } from '../support/services.ts'
import { folderOf } from './folder.ts'

/** How long a connection and an answer may take: what is refused is refused before. */
const PATIENCE_MS = 60_000

describeWith(['kafka', 'openssl'], 'a broker that speaks TLS, asks for a certificate and for a password', () => {
  let folder: string
  let ours: Authority
  let theirs: Authority
  let client: Certificate
  let kafka: Kafka

  beforeAll(async () => {
    folder = await folderOf('tls-kafka')
    ours = await makeAuthority(folder, 'ours')
    theirs = await makeAuthority(folder, 'theirs')
    client = await ours.issue('qicore')
    const server = await ours.issue('broker', { san: 'DNS:localhost,IP:127.0.0.1' })
    const store = (name: string, file: string) => ({ [`ssl.${name}.type`]: 'PEM', [`ssl.${name}.location`]: file })
    const plain =
      'org.apache.kafka.common.security.plain.PlainLoginModule required username="broker" password="b" user_broker="b" user_qicore="right";'
    const scram = 'org.apache.kafka.common.security.scram.ScramLoginModule required;'
    kafka = await startKafka({
      properties: {
        'listener.security.protocol.map': 'PLAINTEXT:SASL_SSL,CONTROLLER:PLAINTEXT',
        ...store('keystore', server.bundle),
        ...store('truststore', ours.ca),
        'listener.name.plaintext.ssl.client.auth': 'required',
        'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
        'sasl.mechanism.inter.broker.protocol': 'PLAIN',
        'listener.name.plaintext.plain.sasl.jaas.config': plain,
        'listener.name.plaintext.scram-sha-256.sasl.jaas.config': scram,
        'listener.name.plaintext.scram-sha-512.sasl.jaas.config': scram,
      },
      formatArguments: ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((name) => [
        '--add-scram',
        `${name}=[name=qicore,password=right]`,
      ]),
    })
  })

  afterAll(async () => {
    await kafka?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  const settings = ({ tls = {}, sasl = {} }: { tls?: object; sasl?: object } = {}) =>
    parseRedpandaConfig({
      brokers: kafka.brokers,
      connect_timeout_ms: PATIENCE_MS,
      request_timeout_ms: PATIENCE_MS,
      tls: { ca: ours.ca, cert: client.cert, key: client.key, ...tls },
      sasl: { mechanism: 'PLAIN', username: 'qicore', password: 'right', ...sasl },
    })

  const refused = async (config: ReturnType<typeof settings>) => {
    const start = performance.now()
    const error = await openRedpanda(config).then(
      async (stream) => {
        await stream.close()
        throw new Error('it was let in')
      },
      (failure: unknown) => failure as Error & { code: string },
    )
    return { error, ms: performance.now() - start }
  }

  test.each(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'])('is written and read, signed in by %s', async (mechanism) => {
    await using stream = await openRedpanda(settings({ sasl: { mechanism } }))
    const topic = `secure-${mechanism.toLowerCase()}`
    await stream.createTopics([topic], { partitions: 1 })
    await stream.append(topic, [{ key: 'a', value: 'over TLS' }])
    expect(await stream.check()).toMatchObject({ ok: true })
  })

  test.each(['PLAIN', 'SCRAM-SHA-256'])('a wrong password is UNAUTHORIZED by %s, before any time is up', async (mechanism) => {
    const { error, ms } = await refused(settings({ sasl: { mechanism, password: 'not-right' } }))
    expect(error).toMatchObject({ code: 'UNAUTHORIZED', retryable: false, message: expect.stringContaining('redpanda.sasl') })
    expect(error.message).not.toContain('not-right')
    expect(ms).toBeLessThan(PATIENCE_MS)
  })

  test('a wrong authority is reported, with the setting to correct', async () => {
    const { error } = await refused(settings({ tls: { ca: theirs.ca } }))
    expect(error).toMatchObject({ code: 'UNAVAILABLE', retryable: false, message: expect.stringContaining('redpanda.tls.ca') })
  })

  test('another name is reported, and server_name allows it', async () => {
    const { error } = await refused(settings({ tls: { server_name: 'broker.example' } }))
    expect(error).toMatchObject({ code: 'UNAVAILABLE', retryable: false, message: expect.stringContaining('server_name') })
    await using stream = await openRedpanda(settings({ tls: { server_name: 'localhost' } }))
    expect(await stream.check()).toMatchObject({ ok: true })
  })

  test('a certificate of another authority, or none, is UNAUTHORIZED', async () => {
    const foreign = await theirs.issue('stranger')
    const { error } = await refused(settings({ tls: { cert: foreign.cert, key: foreign.key } }))
    expect(error).toMatchObject({
      code: 'UNAUTHORIZED',
      retryable: false,
      message: expect.stringContaining('redpanda.tls.cert'),
    })
    expect(error.message).not.toMatch(/\n|openssl/)
    const none = await refused(settings({ tls: { cert: undefined, key: undefined } }))
    expect(none.error).toMatchObject({
      code: 'UNAUTHORIZED',
      retryable: false,
      message: expect.stringContaining('redpanda.tls.cert'),
    })
  })
})
