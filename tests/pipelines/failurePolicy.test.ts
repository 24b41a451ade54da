import { describe, expect, test } from 'vitest'
import { QiError } from '../../lib/src/base/types/index.ts'
import { started, turn, until } from '../support/heldConsumer.ts'
import { priceBatch } from '../support/heldSubscription.ts'

describe('the failure policy of a destination', () => {
  test('a refusal parks the delivery: nothing is written until it is resumed, and nothing is lost', async () => {
    const { subscription, sink, consumer, running, finish } = started({ lanes: 1, maxRecords: 1 })
    let tries = 0
    let refuses = true
    sink.before = async () => {
      tries++
      if (refuses) throw new QiError('UNAUTHORIZED', 'the key is wrong')
    }
    subscription.give(priceBatch(0, 0, 1), priceBatch(0, 1, 1))
    await until(() => consumer.stats().state === 'parked')
    for (let i = 0; i < 50; i++) await turn()
    expect(tries).toBe(1)
    expect(consumer.stats()).toMatchObject({ trouble: { error: { code: 'UNAUTHORIZED' } } })
    expect(subscription.committed).toEqual([])
    refuses = false
    consumer.resume()
    await until(() => sink.coins.length === 2)
    await finish()
    await running
    expect(sink.coins).toEqual(['coin-0', 'coin-1'])
    expect(subscription.committed.at(-1)?.offset).toBe(2n)
  })

  test('with refusal: retry a refusal is retried without a resume', async () => {
    const { subscription, sink, consumer, finish } = started({ refusal: 'retry' })
    let refusals = 1
    sink.before = async () => {
      if (refusals-- > 0) throw new QiError('INTERNAL', 'a defect')
    }
    subscription.give(priceBatch(0, 0, 1))
    await until(() => consumer.stats().state === 'retrying')
    await until(() => sink.coins.length === 1)
    await finish()
  })

  test('after retryMs with then: dead_letter each record becomes a dead letter with destination and reason, and is acknowledged', async () => {
    const { subscription, sink, letters, consumer, finish } = started({ retryMs: 0, afterRetry: 'dead_letter' })
    sink.before = async () => {
      throw new QiError('UNAVAILABLE', 'nobody answers')
    }
    subscription.give(priceBatch(0, 0, 2))
    await until(() => letters.length === 2)
    await finish()
    const common = { stage: 'store', pipeline: 'test', destination: 'held', reason: 'nobody answers', attempts: 1 }
    expect(letters).toMatchObject([
      { ...common, offset: 0n },
      { ...common, offset: 1n },
    ])
    expect(subscription.committed.at(-1)?.offset).toBe(2n)
    expect(consumer.stats()).toMatchObject({ written: 0, deadLettered: 2 })
  })

  test('after retryMs with then: park the delivery parks, without dead letters', async () => {
    const { subscription, sink, letters, consumer, finish } = started({ retryMs: 0, afterRetry: 'park' })
    sink.before = async () => {
      throw new QiError('UNAVAILABLE', 'nobody answers')
    }
    subscription.give(priceBatch(0, 0, 1))
    await until(() => consumer.stats().state === 'parked')
    await finish()
    expect(letters).toEqual([])
    expect(subscription.committed).toEqual([])
  })

  test('opening a destination is retried, and nothing is read meanwhile', async () => {
    let failures = 2
    const { subscription, sink, consumer, finish } = started({}, async (opened) => {
      if (failures-- > 0) throw new QiError('UNAVAILABLE', 'redis cannot be reached')
      return opened
    })
    subscription.give(priceBatch(0, 0, 1))
    await until(() => consumer.stats().trouble !== undefined)
    expect(consumer.stats()).toMatchObject({ state: 'opening', trouble: { error: { message: 'redis cannot be reached' } } })
    expect(subscription.pulled).toBe(0)
    await until(() => sink.coins.length === 1)
    await finish()
    expect(consumer.stats().trouble).toBeUndefined()
  })

  test('a refusal to open parks the delivery; an open that hangs does not hold up a stop', async () => {
    const refused = started({}, async () => {
      throw new QiError('CONFIG_INVALID', 'bucket: there is none')
    })
    await until(() => refused.consumer.stats().state === 'parked')
    await refused.finish()
    const hung = started({}, () => new Promise(() => {}))
    await until(() => hung.consumer.stats().state === 'opening')
    await hung.finish()
  })

  test('a write that hangs holds up a stop for the drain time at most', async () => {
    const { subscription, sink, finish } = started({ drainMs: 1 })
    const called = Promise.withResolvers<void>()
    sink.before = () => {
      called.resolve()
      return new Promise(() => {})
    }
    subscription.give(priceBatch(0, 0, 1))
    await called.promise
    await finish()
    expect(subscription.committed).toEqual([])
    expect(subscription.closed).toBe(true)
  })
})
