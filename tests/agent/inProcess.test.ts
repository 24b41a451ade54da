import { afterAll, describe } from 'vitest'
import { agentMigrations } from '../../lib/src/base/agent/effects.ts'
import { InProcessRunner } from '../../lib/src/base/agent/index.ts'
import { createPool, migrate } from '../../lib/src/base/database/index.ts'
import { testDatabase } from '../support/database.ts'
import { runnerSuite } from './runnerSuite.ts'

const { url } = await testDatabase()
const pool = createPool(url)
await migrate(pool, { component: 'agents', files: agentMigrations })
afterAll(() => pool.end())

describe('in process', () => {
  runnerSuite(async () => {
    await pool.query('drop table if exists counted')
    return new InProcessRunner({ pool })
  })
})
