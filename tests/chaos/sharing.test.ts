import { describe, expect, test } from 'vitest'
import { describeWith } from '../support/services.ts'
import type { Mode } from './engines.ts'
import { sharing } from './sharing.ts'

/** `npm run chaos -- --sharing` has windows of a minute. */
async function shares(mode: Mode): Promise<void> {
  const { problems, calls, limit } = await sharing({ mode, seed: 1, windowMs: 3000, windows: 4 })
  expect(problems).toEqual([])
  expect(calls).toBeGreaterThan(limit)
}

const WHAT =
  'share partitions and one rate limit; one that is killed and one that comes move partitions, and no record is doubled'

describe('two publishers and four consumers, with embedded engines', { timeout: 600_000 }, () => {
  test(WHAT, () => shares('embedded'))
})

describeWith('kafka', 'two publishers and four consumers, over Kafka', { timeout: 600_000 }, () => {
  test(WHAT, () => shares('kafka'))
})
