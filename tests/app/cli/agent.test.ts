import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { DurableRunner, defineWorkflow, type WorkflowRunner } from '../../../lib/src/base/agent/index.ts'
import { createPool } from '../../../lib/src/base/database/index.ts'
import { QiError } from '../../../lib/src/base/types/index.ts'
import { testDatabase } from '../../support/database.ts'
import { until } from '../../support/until.ts'
import { makeProject, type Project } from './project.ts'
import { document, qicore } from './qicore.ts'

const { url } = await testDatabase()
const pool = createPool(url)

const spend = defineWorkflow({
  name: 'spend',
  summary: 'Asks before it spends',
  input: z.object({ amount: z.number() }),
  output: z.string(),
  steps: (start) =>
    start
      .step('count', ({ amount }) => amount)
      .approval('agree', (amount) => `Spend ${amount}?`)
      .step('pay', (amount) => {
        if (amount > 100) throw new QiError('FORBIDDEN', 'that is too much')
        return `spent ${amount}`
      }),
})

let project: Project
let runner: WorkflowRunner
beforeAll(async () => {
  project = await makeProject('agent')
  runner = await DurableRunner.open({ pool, workflows: [spend] })
})
afterAll(async () => {
  await runner.close()
  await pool.end()
  await project[Symbol.asyncDispose]()
})

const cli = (...args: string[]) => qicore(['agent', ...args], { cwd: project.cwd, env: { DATABASE_URL: url } })
/** A run that waits for approval. */
async function asking(amount: number) {
  const run = await runner.start(spend, { amount })
  await until(async () => (await runner.status(run.id))?.state === 'waiting', 'the question')
  return run
}

describe('qicore agent', () => {
  test('status shows the runs of other processes, and one run with its steps and questions', async () => {
    const run = await asking(7)
    const listed = document<{ id: string; state: string }[]>(await cli('status', '--json'))
    expect(listed.find(({ id }) => id === run.id)).toMatchObject({
      workflow: 'spend',
      state: 'waiting',
      steps: ['count'],
      questions: [{ step: 'agree', question: 'Spend 7?' }],
    })
    const one = await cli('status', run.id)
    expect(one.stdout).toMatch(new RegExp(`^${run.id}: waiting\\n(.*\\n)*  count\\nasks at agree: Spend 7\\?$`, 'm'))
  })

  test('approve continues a run, and status shows its end', async () => {
    const [good, bad] = [await asking(8), await asking(800)]
    expect((await cli('approve', good.id)).stdout).toBe(`approved: ${good.id}\n`)
    expect(await good.result).toBe('spent 8')
    await cli('approve', bad.id, '--step', 'agree')
    await expect(bad.result).rejects.toThrow('that is too much')
    const { stdout } = await cli('status')
    expect(stdout).toMatch(new RegExp(`^${good.id} +succeeded `, 'm'))
    expect(stdout).toMatch(new RegExp(`^${bad.id} +failed .* that is too much$`, 'm'))
  })

  test('approve --refuse ends a run, with the reason', async () => {
    const run = await asking(9)
    expect((await cli('approve', run.id, '--refuse', '--note', 'not today')).code).toBe(0)
    await expect(run.result).rejects.toThrow(/^"Spend 9\?" was refused by \S+: not today$/)
    const again = await cli('approve', run.id)
    expect(again.code).toBe(1)
    expect(again.stderr).toMatch(/waits for no answer/)
  })

  test('cancel ends a run before its next step', async () => {
    const run = await asking(10)
    expect((await cli('cancel', run.id)).stdout).toBe(`cancelled: ${run.id}\n`)
    await until(async () => (await runner.status(run.id))?.state === 'cancelled', 'the end')
  })

  test('an unknown run or agent is refused with a remedy', async () => {
    for (const verb of ['status', 'approve', 'cancel']) {
      const { code, stderr } = await cli(verb, 'nobody')
      expect([code, stderr]).toEqual([4, expect.stringMatching(/there is no run nobody/)])
    }
    const { code, stderr } = await cli('run', 'nobody')
    expect([code, stderr]).toEqual([4, expect.stringMatching(/there is no agent named "nobody"; there are /)])
  })
})
