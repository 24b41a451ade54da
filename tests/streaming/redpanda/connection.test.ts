import { once } from 'node:events'
import { createServer } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { QiError } from '../../../lib/src/base/types/index.ts'
import { openRedpanda, parseBroker, parseRedpandaConfig, RedpandaConfig } from '../../../lib/src/streaming/redpanda/index.ts'
import { failure } from '../../contracts/stream/collector.ts'
import { sharedKafka, startKafka } from '../../support/kafka.ts'
import { describeWith } from '../../support/services.ts'

/** A port that accepts connections and never answers. */
async function silentPort(): Promise<number> {
  const server = createServer((socket) => onTestFinished(() => void socket.destroy()))
  onTestFinished(() => void server.close())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as { port: number }).port
}

const opening = async (settings: Record<string, unknown>): Promise<{ error: QiError; ms: number }> => {
  const started = performance.now()
  const error = await failure(openRedpanda(parseRedpandaConfig(settings)))
  return { error, ms: performance.now() - started }
}

describe('redpanda settings', () => {
  test('have defaults, except for the brokers', () => {
    expect(RedpandaConfig.parse({})).toMatchObject({
      client_id: 'qicore',
      compression: 'zstd',
      tls: { reject_unauthorized: true },
      sasl: {},
    })
    expect(parseRedpandaConfig({ brokers: 'a:1, b' }).brokers).toEqual(['a:1', 'b'])
  })

  test('name brokers as host:port; the default port is 9092', () => {
    expect(parseBroker('redpanda.example')).toEqual({ host: 'redpanda.example', port: 9092 })
    expect(parseBroker('[::1]:19092')).toEqual({ host: '::1', port: 19092 })
    for (const wrong of ['', 'host:', 'host:99999', 'http://host:1', 'a b:1', 'host:0'])
      expect(() => parseBroker(wrong), wrong).toThrow(/expected host:port/)
  })

  test('name each wrong setting', () => {
    const wrong = (settings: Record<string, unknown>) => {
      try {
        parseRedpandaConfig({ brokers: 'a:1', ...settings })
      } catch (error) {
        return error as QiError
      }
      throw new Error('expected a refusal')
    }
    expect(wrong({ compression: 'snappy' })).toMatchObject({ code: 'CONFIG_INVALID', field: 'redpanda.compression' })
    expect(wrong({ brokr: 'x' }).message).toContain('brokr')
    expect(wrong({ sasl: { mechanism: 'PLAIN', username: 'u' } })).toMatchObject({ field: 'redpanda.sasl.password' })
    expect(wrong({ sasl: { username: 'u', password: 'secret' } }).message).not.toContain('secret')
    expect(wrong({ tls: { cert: '/c.pem' } })).toMatchObject({ field: 'redpanda.tls.key' })
  })

  test('name a certificate file that cannot be read', async () => {
    const { error } = await opening({ brokers: '127.0.0.1:1', tls: { ca: '/nowhere/ca.pem' } })
    expect(error).toMatchObject({
      code: 'CONFIG_INVALID',
      field: 'redpanda.tls.ca',
      message: expect.stringContaining('/nowhere/ca.pem'),
    })
  })

  test('without a broker are refused with the remedy', async () => {
    expect((await opening({})).error).toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('REDPANDA_BROKERS'),
    })
  })
})

describe('opening redpanda', () => {
  test('on a port where nothing listens fails with UNAVAILABLE and a remedy, before any timeout', async () => {
    const { error, ms } = await opening({ brokers: '127.0.0.1:1', connect_timeout_ms: 60_000, request_timeout_ms: 60_000 })
    expect(error).toMatchObject({ code: 'UNAVAILABLE', retryable: true, message: expect.stringContaining('REDPANDA_BROKERS') })
    expect(error.message).toContain('ECONNREFUSED')
    expect(ms).toBeLessThan(60_000)
  })

  test('on a port that never answers fails with TIMEOUT within the request timeout', async () => {
    const brokers = `127.0.0.1:${await silentPort()}`
    const { error, ms } = await opening({ brokers, connect_timeout_ms: 60_000, request_timeout_ms: 500 })
    expect(error).toMatchObject({ code: 'TIMEOUT', retryable: true })
    expect(ms).toBeLessThan(60_000)
  })

  test('of a host without an address fails with UNAVAILABLE', async () => {
    const { error } = await opening({ brokers: 'broker.invalid:9092', connect_timeout_ms: 1_000, request_timeout_ms: 1_000 })
    expect(error.retryable).toBe(true)
    expect(['UNAVAILABLE', 'TIMEOUT']).toContain(error.code)
  })
})

describeWith('kafka', 'opening redpanda with the wrong security', () => {
  test('TLS to a port without TLS fails with that reason', async () => {
    const { error } = await opening({
      brokers: await sharedKafka(),
      tls: { enabled: true },
      connect_timeout_ms: 60_000,
      request_timeout_ms: 60_000,
    })
    expect(error).toMatchObject({ code: 'UNAVAILABLE', message: expect.stringContaining('redpanda.tls') })
  })

  test('the right password works, a wrong one fails with UNAUTHORIZED, none is refused', async () => {
    const kafka = await startKafka({
      properties: {
        'listener.security.protocol.map': 'PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT',
        'sasl.enabled.mechanisms': 'PLAIN',
        'sasl.mechanism.inter.broker.protocol': 'PLAIN',
        'listener.name.plaintext.plain.sasl.jaas.config':
          'org.apache.kafka.common.security.plain.PlainLoginModule required username="broker" password="b" user_broker="b" user_qicore="right";',
      },
    })
    onTestFinished(() => kafka.stop())
    const settings = (password: string) => ({
      brokers: kafka.brokers,
      sasl: { mechanism: 'PLAIN', username: 'qicore', password },
    })
    const stream = await openRedpanda(parseRedpandaConfig(settings('right')))
    await stream.createTopics(['signed-in'])
    await stream.append('signed-in', [{ key: 'a', value: 'b' }])
    await stream.close()
    const { error } = await opening(settings('wrong'))
    expect(error).toMatchObject({ code: 'UNAUTHORIZED', retryable: false, message: expect.stringContaining('sasl') })
    expect(error.message).not.toContain('wrong')
    const unsigned = await opening({ brokers: kafka.brokers, connect_timeout_ms: 2_000, request_timeout_ms: 2_000 })
    expect(unsigned.error.code).toMatch(/UNAUTHORIZED|UNAVAILABLE|TIMEOUT/)
  })
})
