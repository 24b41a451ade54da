import { expect, it, onTestFinished } from 'vitest'
import { nowMicros, price, silentLogger } from '../../../lib/src/base/types/index.ts'
import { openRedpanda, parseRedpandaConfig } from '../../../lib/src/streaming/index.ts'
import { sharedKafka } from '../../support/kafka.ts'
import { describeWith } from '../../support/services.ts'
import { makeProject } from './project.ts'
import { document, qicore } from './qicore.ts'

describeWith('kafka', 'external brokers', () => {
  it('are read by tail and found by doctor, without starting a database', async () => {
    const brokers = await sharedKafka()
    const project = await makeProject('brokers')
    onTestFinished(() => project[Symbol.asyncDispose]())
    // Tests share the brokers: a coin of its own identifies the records of this one.
    const coinId = `coin-${process.pid}-${Date.now()}`
    await using stream = await openRedpanda(parseRedpandaConfig({ brokers }), { logger: silentLogger })
    await stream.createTopics([price.topic])
    const record = {
      coinId,
      source: 'desk',
      currency: 'usd',
      time: nowMicros(),
      receivedAt: nowMicros(),
      origin: 'live' as const,
      price: '0.1' as never,
    }
    await stream.append(price.topic, [{ key: price.messageKey(record), value: price.encode(record) }])

    const options = {
      cwd: project.cwd,
      env: { REDPANDA_BROKERS: brokers, DATABASE_URL: 'postgres://me@127.0.0.1:9/none', QICORE_SOURCES: 'none' },
    }
    const tail = await qicore(['tail', 'price', '--from', 'earliest', '--coins', coinId, '-n', '1', '--json'], options)
    expect(tail).toMatchObject({ code: 0, stderr: '' })
    expect(JSON.parse(tail.stdout)).toEqual({
      topic: price.topic,
      partition: expect.any(Number),
      offset: expect.stringMatching(/^\d+$/),
      ...price.toWire(record),
    })

    const { checks } = document<{ checks: readonly { name: string; verdict: string }[] }>(
      await qicore(['doctor', '--json'], options),
      1,
    )
    expect(checks).toContainEqual(expect.objectContaining({ name: 'stream', verdict: 'ok' }))
    expect(checks).toContainEqual(expect.objectContaining({ name: 'store', verdict: 'failed' }))
  })
})
