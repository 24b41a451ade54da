import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { defineWorkflow, type Workflow, type WorkflowRunner } from '../../lib/src/base/agent/index.ts'
import { QiError } from '../../lib/src/base/types/index.ts'
import { until } from '../support/until.ts'

/** The log of the steps, in order. */
let log: string[] = []
const note = <T>(entry: string, value: T): T => {
  log.push(entry)
  return value
}

const sum = defineWorkflow({
  name: 'sum',
  summary: 'Adds in several ways',
  input: z.object({ numbers: z.array(z.number()) }),
  output: z.object({ total: z.number(), squares: z.array(z.number()), size: z.string() }),
  steps: (start) =>
    start
      .step('read', ({ numbers }) => note('read', { numbers, big: BigInt(numbers.length) }))
      .parallel('both', (at) => ({
        total: at.step('add', ({ numbers }) =>
          note(
            'add',
            numbers.reduce((a, b) => a + b, 0),
          ),
        ),
        squares: at
          .step('pick', ({ numbers }) => numbers)
          .forEach(
            'each',
            (numbers) => numbers,
            (one) => one.step('square', (n) => note(`square ${n}`, n * n)),
            {
              concurrency: 3,
            },
          ),
      }))
      .branch(
        'size',
        ({ total }) => (total > 10 ? 'large' : 'small'),
        (at) => ({
          large: at.step('say', (value) => ({ ...value, size: 'large' })),
          small: at.step('say', (value) => ({ ...value, size: 'small' })),
        }),
      )
      .repeat('until', (at) => at.step('halve', (value) => ({ ...value, total: value.total / 2 })), {
        until: ({ total }) => total < 10,
        most: 20,
      })
      .step('end', ({ total, squares, size }) => ({ total, squares: [...squares], size })),
})

let failures = 0
const flaky = defineWorkflow({
  name: 'flaky',
  summary: 'Fails at first',
  input: z.object({ times: z.int(), attempts: z.int() }),
  output: z.number(),
  steps: (start) =>
    start.step(
      'try',
      ({ times }, { attempt }) => {
        if (failures++ < times) throw new QiError('UNAVAILABLE', 'not yet')
        return attempt
      },
      { retry: { attempts: 3, baseMs: 1, maxMs: 2 } },
    ),
})

const undoing = defineWorkflow({
  name: 'undoing',
  summary: 'Fails at the end and undoes the rest',
  input: z.object({ items: z.array(z.string()) }),
  output: z.never(),
  steps: (start) =>
    start
      .forEach(
        'each',
        ({ items }) => items,
        (one) =>
          one.step('buy', (item) => note(`buy ${item}`, `${item}!`), {
            compensate: (item, bought) => note(`give back ${item} ${bought}`, undefined),
          }),
        { concurrency: 2 },
      )
      .step('pay', (): never => {
        throw new QiError('FORBIDDEN', 'no money')
      }),
})

const asking = defineWorkflow({
  name: 'asking',
  summary: 'Asks two people',
  input: z.object({ names: z.array(z.string()) }),
  output: z.array(z.string()),
  steps: (start) =>
    start
      .forEach(
        'each',
        ({ names }) => names,
        (one) => one.approval('ask', (name) => `May ${name} come?`),
        { concurrency: 2 },
      )
      .step('end', (names) => [...names]),
})

const slow = defineWorkflow({
  name: 'slow',
  summary: 'Waits for its signal',
  input: z.object({ timeoutMs: z.int().optional() }),
  output: z.string(),
  steps: (start) =>
    start
      .step('begin', (value) => note('begin', value))
      .step(
        'wait',
        (_value, { signal }) =>
          new Promise<string>((_resolve, reject) => {
            signal.addEventListener('abort', () => reject(note('aborted', signal.reason as Error)))
            log.push('waiting')
          }),
      ),
})

const hasty = defineWorkflow({
  name: 'hasty',
  summary: 'Gives up soon',
  input: z.object({}),
  output: z.string(),
  steps: (start) => start.step('wait', () => new Promise<string>(() => {}), { timeoutMs: 20 }),
})

const napping = defineWorkflow({
  name: 'napping',
  summary: 'Waits a moment',
  input: z.object({ ms: z.number() }),
  output: z.object({ ms: z.number() }),
  steps: (start) => start.wait('nap', ({ ms }) => ms).step('wake', (value) => note('woke', value)),
})

const composed = defineWorkflow({
  name: 'composed',
  summary: 'Uses another workflow',
  input: z.object({ numbers: z.array(z.number()) }),
  output: z.number(),
  steps: (start) => start.workflow(sum).step('only', ({ total }) => total),
})

const counting = defineWorkflow({
  name: 'counting',
  summary: 'Counts in the store, in vain at first',
  input: z.object({}),
  output: z.array(z.number()),
  steps: (start) =>
    start.step(
      'count',
      async (_value, { transaction, attempt }) => {
        const add = () =>
          transaction(async (client) => {
            await client.query('create table if not exists counted (n int)')
            await client.query('insert into counted values (1)')
            return (await client.query<{ n: number }>('select count(*)::int as n from counted')).rows[0]?.n ?? -1
          })
        const counts = [await add(), await add()]
        if (attempt < 3) throw new QiError('UNAVAILABLE', 'the answer was lost')
        return counts
      },
      { retry: { attempts: 3, baseMs: 1, maxMs: 2 } },
    ),
})

export const suiteWorkflows = [
  sum,
  flaky,
  undoing,
  asking,
  slow,
  hasty,
  napping,
  composed,
  counting,
] satisfies readonly Workflow[]

/** The suite for every runner of workflows. */
export function runnerSuite(open: () => Promise<WorkflowRunner>): void {
  let runner: WorkflowRunner
  beforeEach(async () => {
    log = []
    failures = 0
    runner = await open()
  })
  afterEach(() => runner.close())

  const refused = (promise: Promise<unknown>) =>
    promise.then(
      () => expect.fail('it was not refused'),
      (error: QiError) => error,
    )
  const waitingFor = (entry: string) => until(() => log.includes(entry), `"${entry}"`)

  describe('a run', () => {
    test('goes through sequence, parallel, branch, loop, and keeps the order of what it collects', async () => {
      const run = await runner.start(sum, { numbers: [1, 2, 3, 4, 5] })
      expect(await run.result).toEqual({ total: 7.5, squares: [1, 4, 9, 16, 25], size: 'large' })
      expect(log[0]).toBe('read')
      expect(log.filter((entry) => entry.startsWith('square')).sort()).toEqual(
        ['1', '2', '3', '4', '5'].map((n) => `square ${n}`),
      )
      const status = await runner.status(run.id)
      expect(status).toMatchObject({ id: run.id, workflow: 'sum', state: 'succeeded', questions: [] })
      expect(status?.steps).toEqual(
        expect.arrayContaining([
          'read',
          'both/total/add',
          'both/squares/each[4]/square',
          'size/large/say',
          'until[0]/halve',
          'end',
        ]),
      )
    })

    test('is one for one id, however often it is started', async () => {
      const id = `sum-once-${Math.random()}`
      const first = await runner.start(sum, { numbers: [1] }, { id })
      const second = await runner.start(sum, { numbers: [7] }, { id })
      expect(await second.result).toEqual(await first.result)
      expect(log.filter((entry) => entry === 'read')).toHaveLength(1)
    })

    test('of an empty collection gives an empty list', async () => {
      expect(await (await runner.start(sum, { numbers: [] })).result).toEqual({ total: 0, squares: [], size: 'small' })
    })

    test('is made of another workflow', async () => {
      expect(await (await runner.start(composed, { numbers: [20] })).result).toBe(5)
    })

    test('refuses input that its schema does not take, naming field and value', async () => {
      const failure = await refused(runner.start(sum, { numbers: ['one'] as unknown as number[] }))
      expect(failure).toMatchObject({ code: 'BAD_REQUEST', field: 'numbers.0' })
      expect(failure.message).toMatch(/^sum: input\.numbers\.0 is "one": .*number/)
    })

    test('refuses what its workflow does not know, with what it takes', async () => {
      const misspelt = { numbers: [1], nubmers: [2] }
      expect(await refused(runner.start(sum, misspelt))).toMatchObject({
        code: 'BAD_REQUEST',
        field: 'nubmers',
        message: expect.stringMatching(/^sum: input\.nubmers is unknown; did you mean numbers/),
      })
    })

    test('is listed, newest first', async () => {
      const ids = []
      for (const n of [1, 2]) {
        const run = await runner.start(sum, { numbers: [n] })
        await run.result
        ids.unshift(run.id)
      }
      const listed = await runner.list({ workflow: 'sum', limit: 2 })
      expect(listed.map(({ id }) => id)).toEqual(ids)
      expect(await runner.list({ workflow: 'nothing' })).toEqual([])
      expect(await runner.status('nobody')).toBeUndefined()
    })

    test('waits', async () => {
      expect(await (await runner.start(napping, { ms: 5 })).result).toEqual({ ms: 5 })
    })
  })

  describe('a step that fails', () => {
    test('is tried again as often as it says', async () => {
      expect(await (await runner.start(flaky, { times: 2, attempts: 3 })).result).toBe(3)
    })

    test('for good ends the run with its error', async () => {
      const run = await runner.start(flaky, { times: 9, attempts: 3 })
      expect(await refused(run.result)).toMatchObject({ code: 'UNAVAILABLE', message: 'not yet' })
      expect(failures).toBe(3)
      await until(async () => (await runner.status(run.id))?.state === 'failed', 'the failure in the status')
      expect(await runner.status(run.id)).toMatchObject({ error: 'not yet' })
    })

    test('undoes what was done before, in reverse order', async () => {
      const run = await runner.start(undoing, { items: ['a', 'b', 'c'] })
      expect(await refused(run.result)).toMatchObject({ code: 'FORBIDDEN', message: 'no money' })
      const undone = log.slice(3)
      expect(undone.toSorted()).toEqual(['give back a a!', 'give back b b!', 'give back c c!'])
      expect(undone.indexOf('give back c c!')).toBeLessThan(undone.indexOf('give back a a!'))
    })

    test('takes no longer than it may', async () => {
      const run = await runner.start(hasty, {})
      expect(await refused(run.result)).toMatchObject({ code: 'TIMEOUT', message: expect.stringContaining('hasty: wait') })
    })

    test('has had its effects in the store once', async () => {
      expect(await (await runner.start(counting, {})).result).toEqual([1, 2])
    })
  })

  describe('a human', () => {
    test('is asked, and answers each question', async () => {
      const run = await runner.start(asking, { names: ['Ann', 'Bob'] })
      await until(async () => (await runner.status(run.id))?.questions.length === 2, 'two questions')
      expect(await runner.status(run.id)).toMatchObject({ state: 'waiting' })
      expect((await refused(runner.decide(run.id, { approved: true }))).message).toMatch(
        /several answers: name the step, .*May Ann come/,
      )
      await runner.decide(run.id, { approved: true }, 'each[0]/ask')
      await runner.decide(run.id, { approved: true }, 'each[1]/ask')
      expect(await run.result).toEqual(['Ann', 'Bob'])
      expect(await refused(runner.decide(run.id, { approved: true }))).toMatchObject({ code: 'CONFLICT' })
    })

    test('a refusal ends the run', async () => {
      const run = await runner.start(asking, { names: ['Ann'] })
      await until(async () => (await runner.status(run.id))?.state === 'waiting', 'a question')
      await runner.decide(run.id, { approved: false, by: 'Eve', note: 'too late' })
      expect(await refused(run.result)).toMatchObject({
        code: 'CANCELLED',
        message: '"May Ann come?" was refused by Eve: too late',
      })
    })

    test('cannot answer a run that is not there', async () => {
      expect(await refused(runner.decide('nobody', { approved: true }))).toMatchObject({ code: 'NOT_FOUND' })
    })
  })

  describe('a run that is cancelled', () => {
    test('aborts its step and ends', async () => {
      const run = await runner.start(slow, {})
      await waitingFor('waiting')
      await runner.cancel(run.id)
      await waitingFor('aborted')
      await refused(run.result)
      await until(async () => (await runner.status(run.id))?.state === 'cancelled', 'the end')
    })
  })

  test('closing ends what runs, and nothing starts after', async () => {
    const run = await runner.start(slow, {})
    await waitingFor('waiting')
    const ending = refused(run.result)
    await runner.close()
    expect(await ending).toMatchObject({ code: 'CLOSED' })
    expect(await refused(runner.start(sum, { numbers: [] }))).toMatchObject({ code: 'CLOSED' })
  })
}
