import { randomInt } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { describeWith } from '../support/services.ts'
import { type ChaosOptions, chaos, command } from './chaos.ts'

/** A small run of `npm run chaos`; what it tells when it fails repeats its choices at any size. */
async function survives(options: Omit<ChaosOptions, 'seed'>): Promise<void> {
  const seeded = { ...options, seed: randomInt(1, 2 ** 31) }
  const { problems } = await chaos(seeded)
  expect(problems, command(seeded)).toEqual([])
}

describe('at random moments of a load, with embedded engines', { timeout: 600_000 }, () => {
  test('a sink that does not know a record again misses none, and gets no more of them twice than were in flight', () =>
    survives({ mode: 'embedded', sink: 'appended', rounds: 3, records: 60_000 }))
})

describeWith('versitygw', 'at random moments of a load, with a bucket', { timeout: 600_000 }, () => {
  test('objects hold each record once', () => survives({ mode: 'embedded', sink: 's3', rounds: 3, records: 60_000 }))
})

describeWith('kafka', 'at random moments of a load, over Kafka', { timeout: 600_000 }, () => {
  test('a sink that does not know a record again misses none, and gets no more of them twice than were in flight', () =>
    survives({ mode: 'kafka', sink: 'appended', rounds: 3, records: 60_000 }))
})
