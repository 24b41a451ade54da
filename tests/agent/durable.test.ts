import { afterAll, describe } from 'vitest'
import { DurableRunner } from '../../lib/src/base/agent/index.ts'
import { createPool } from '../../lib/src/base/database/index.ts'
import { testDatabase } from '../support/database.ts'
import { runnerSuite, suiteWorkflows } from './runnerSuite.ts'

const { url } = await testDatabase()
const pool = createPool(url)
afterAll(() => pool.end())

describe('on PostgreSQL', () => {
  runnerSuite(async () => {
    await pool.query('drop table if exists counted')
    // A run that a test left must not go on in the next one, which looks at what was done.
    return DurableRunner.open({ pool, workflows: suiteWorkflows, lookMs: 3_600_000 })
  })
})
