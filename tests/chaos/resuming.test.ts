import { randomInt } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { describeWith } from '../support/services.ts'
import type { Mode } from './engines.ts'
import { resuming, resumingCommand } from './resuming/resuming.ts'

/** `npm run chaos -- --resuming` has 100 cuts. */
async function missesNothing(mode: Mode): Promise<void> {
  const options = { mode, cuts: 20, rate: 2000, seed: randomInt(1, 2 ** 31) }
  const { problems } = await resuming(options)
  expect(problems, resumingCommand(options)).toEqual([])
}

const WHAT = 'miss nothing and get nothing twice, however often they are cut and whatever is killed meanwhile'

describe('clients of live records, with embedded engines', { timeout: 600_000 }, () => {
  test(WHAT, () => missesNothing('embedded'))
})

describeWith('kafka', 'clients of live records, over Kafka', { timeout: 600_000 }, () => {
  test(WHAT, () => missesNothing('kafka'))
})
