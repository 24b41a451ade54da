import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { DurableRunner, defineWorkflow } from '../../lib/src/base/agent/index.ts'
import { findRunning } from '../../lib/src/base/database/embedded/server/postmaster.ts'
import { openStore } from '../../lib/src/base/database/index.ts'
import { temporary } from '../support/temporary.ts'

const STEPS = 12

test('a database killed under a durable workflow delays it, and each effect happens once', async () => {
  const store = await openStore({ home: join(await temporary('home'), '.qicore') })
  onTestFinished(() => store.close())
  await store.pool.query('create table done (step int)')
  const pool = store.createPool({ max: 8 })
  let kills = 0
  const count = defineWorkflow({
    name: 'count',
    summary: 'Counts in the store while it is killed',
    input: z.object({ steps: z.array(z.int()) }),
    output: z.array(z.int()),
    steps: (start) =>
      start
        .forEach(
          'each',
          ({ steps }) => steps,
          (one) =>
            one.step(
              'write',
              async (step, { transaction, attempt }) => {
                if (step % 4 === 2 && attempt === 1) {
                  kills++
                  const running = await findRunning(store.embedded?.dataFolder as string)
                  process.kill(running?.pid as number, 'SIGKILL')
                }
                await transaction(async (client) => {
                  await client.query('insert into done values ($1)', [step])
                })
                return step
              },
              { retry: { attempts: 100, baseMs: 50, maxMs: 1000 } },
            ),
        )
        .step('end', (steps) => [...steps]),
  })
  const runner = await DurableRunner.open({ pool, workflows: [count], lookMs: 100 })
  onTestFinished(() => runner.close())
  const steps = Array.from({ length: STEPS }, (_, i) => i)
  const run = await runner.start(count, { steps })
  expect(await run.result).toEqual(steps)
  expect(kills).toBeGreaterThanOrEqual(3)
  const { rows } = await store.pool.query('select step from done order by step')
  expect(rows.map(({ step }) => step)).toEqual(steps)
})
