import { expect, test } from 'vitest'
import { Linger } from '../../lib/src/base/networking/index.ts'
import { VirtualClock } from '../support/virtualClock.ts'

const lingering = () => {
  const clock = new VirtualClock(1_000)
  return { linger: new Linger(clock), pass: (ms: number) => clock.run(clock.sleep(ms)) }
}

test('the first batch is due at once, and so is one after a pause', async () => {
  const { linger, pass } = lingering()
  expect(linger.ms).toBe(0)
  const done = linger.begin()
  await pass(2)
  done()
  await pass(2)
  expect(linger.ms).toBe(0)
})

test('after a batch that took 2 ms the next is due in 2 ms more', async () => {
  const { linger, pass } = lingering()
  const done = linger.begin()
  await pass(2)
  done()
  expect(linger.ms).toBe(2)
  await pass(1)
  expect(linger.ms).toBe(1)
})

test('no wait is longer than 5 ms, neither after a slow batch nor while one is under way', async () => {
  const { linger, pass } = lingering()
  const done = linger.begin()
  expect(linger.ms).toBe(5)
  await pass(5)
  expect(linger.ms).toBe(0)
  await pass(60_000)
  done()
  expect(linger.ms).toBe(5)
})

test('what a timer cannot keep is no wait', async () => {
  const { linger, pass } = lingering()
  const done = linger.begin()
  await pass(0.4)
  done()
  expect(linger.ms).toBe(0)
})
