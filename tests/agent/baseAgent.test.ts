import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import {
  type AgentState,
  BaseAgent,
  defineWorkflow,
  InProcessRunner,
  type Schedule,
  type Workflow,
} from '../../lib/src/base/agent/index.ts'
import { QiError } from '../../lib/src/base/types/index.ts'
import { until } from '../support/until.ts'

/** Works until it is told how to end. */
class Obedient extends BaseAgent {
  readonly begun: string[] = []
  readonly aborted: string[] = []
  readonly ends = new Map<string, PromiseWithResolvers<string>>()
  due: readonly Schedule[] = []
  prepared: () => Promise<void> = async () => {}
  attended: (signal: AbortSignal) => Promise<void> = async () => {}

  readonly workflows: Readonly<Record<string, Workflow>> = {
    main: defineWorkflow({
      name: 'obey',
      summary: 'Works until it is told',
      input: z.object({ name: z.string().default('scheduled') }),
      output: z.string(),
      steps: (start) =>
        start.step('work', ({ name }, { signal }) => {
          this.begun.push(name)
          const end = Promise.withResolvers<string>()
          this.ends.set(name, end)
          signal.addEventListener('abort', () => {
            this.aborted.push(name)
            end.reject(signal.reason)
          })
          return end.promise
        }),
    }),
  }

  override get schedules(): readonly Schedule[] {
    return this.due
  }

  protected override prepare(): Promise<void> {
    return this.prepared()
  }

  protected override attend(signal: AbortSignal): Promise<void> {
    return this.attended(signal)
  }

  async end(name: string, result: string | QiError): Promise<void> {
    const end = await until(() => this.ends.get(name), `${name} to begin`)
    if (result instanceof QiError) end.reject(result)
    else end.resolve(result)
  }
}

let runner: InProcessRunner
let agent: Obedient
beforeEach(() => {
  runner = new InProcessRunner()
  agent = new Obedient({ name: 'obedient', concurrency: 2, maxQueued: 1 })
})
afterEach(async () => {
  await agent.stop()
  await runner.close()
})

const failure = (promise: Promise<unknown>): Promise<QiError> =>
  promise.then(
    () => expect.fail('it did not fail'),
    (error: QiError) => error,
  )

describe('an agent', () => {
  test('goes from initializing through idle and working to stopped, with an event for each', async () => {
    const states: AgentState[] = [agent.status().state]
    agent.events.on('state', (state) => states.push(state))
    const tasks: string[] = []
    agent.events.on('task', ({ state }) => tasks.push(state))
    await agent.start(runner)
    const run = await agent.submit('main', { name: 'a' })
    expect(agent.status().running).toMatchObject([{ id: run.id, workflow: 'obey' }])
    await agent.end('a', 'done')
    expect(await run.result).toBe('done')
    await agent.stop()
    expect(states).toEqual(['initializing', 'idle', 'working', 'idle', 'stopped'])
    expect(tasks).toEqual(['started', 'succeeded'])
    expect(await agent.health()).toEqual({ ok: false, summary: 'stopped' })
  })

  test('does as many tasks at once as it may, lets as many wait, and refuses one more', async () => {
    await agent.start(runner)
    const [a, b] = await Promise.all([agent.submit('main', { name: 'a' }), agent.submit('main', { name: 'b' })])
    const waiting = agent.submit('main', { name: 'c' })
    expect(agent.status()).toMatchObject({ queued: 1 })
    expect(agent.begun.toSorted()).toEqual(['a', 'b'])
    expect(await failure(agent.submit('main', { name: 'd' }))).toMatchObject({
      code: 'RATE_LIMITED',
      message: 'obedient: 2 tasks run and 1 waits; try again when some have ended',
    })
    await agent.end('a', '1')
    const c = await waiting
    await agent.end('b', '2')
    await agent.end('c', '3')
    expect(await Promise.all([a.result, b.result, c.result])).toEqual(['1', '2', '3'])
    expect(agent.metrics()).toMatchObject({ running: 0, queued: 0, succeeded: 3, failed: 0, cancelled: 0 })
    expect(agent.metrics().duration.mean).toBeGreaterThan(0)
  })

  test('gives up a task at its timeout, and aborts its step', async () => {
    await agent.start(runner)
    const run = await agent.submit('main', { name: 'a' }, { timeoutMs: 5 })
    expect(await failure(run.result)).toMatchObject({
      code: 'TIMEOUT',
      message: 'obedient: obey was not done within 5 ms and was cancelled',
    })
    await until(() => agent.aborted.includes('a'), 'the step to be aborted')
    expect(agent.status()).toMatchObject({ state: 'error', running: [] })
    expect(await agent.health()).toMatchObject({ ok: false })
  })

  test('cancels a task whose caller no longer wants it', async () => {
    await agent.start(runner)
    const caller = new AbortController()
    const run = await agent.submit('main', { name: 'a' }, { signal: caller.signal })
    await until(() => agent.begun.includes('a'), 'the task to begin')
    caller.abort()
    expect(await failure(run.result)).toMatchObject({ code: 'CANCELLED' })
    await until(() => agent.aborted.includes('a'), 'the step to be aborted')
    expect(agent.metrics()).toMatchObject({ cancelled: 1 })
  })

  test('does not begin what its caller gave up while it waited', async () => {
    await agent.start(runner)
    await Promise.all([agent.submit('main', { name: 'a' }), agent.submit('main', { name: 'b' })])
    const caller = new AbortController()
    const waiting = failure(agent.submit('main', { name: 'c' }, { signal: caller.signal }))
    caller.abort()
    expect(await waiting).toMatchObject({ code: 'CANCELLED' })
    await agent.end('a', '1')
    await until(() => agent.status().queued === 0, 'nothing to wait')
    expect(agent.begun).not.toContain('c')
  })

  test('is in error after a task that failed, until one succeeds', async () => {
    await agent.start(runner)
    const bad = await agent.submit('main', { name: 'a' })
    await agent.end('a', new QiError('BAD_DATA', 'nonsense'))
    expect(await failure(bad.result)).toMatchObject({ code: 'BAD_DATA' })
    await until(() => agent.status().state === 'error', 'the error')
    expect(await agent.health()).toEqual({ ok: false, summary: 'nonsense' })
    const good = await agent.submit('main', { name: 'b' })
    await agent.end('b', 'fine')
    await good.result
    await until(() => agent.status().state === 'idle', 'the end of the error')
    expect(await agent.health()).toMatchObject({ ok: true })
  })

  test('that cannot start says why', async () => {
    agent.prepared = async () => {
      throw new QiError('UNAUTHORIZED', 'no key')
    }
    expect(await failure(agent.start(runner))).toMatchObject({ code: 'UNAUTHORIZED' })
    expect(await agent.health()).toEqual({ ok: false, summary: 'no key' })
  })

  test('refuses work before its start and after its end', async () => {
    expect(await failure(agent.submit('main', {}))).toMatchObject({ code: 'CLOSED', message: 'obedient has not been started' })
    await agent.start(runner)
    const run = await agent.submit('main', { name: 'a' })
    await agent.stop()
    expect(await failure(run.result)).toMatchObject({ code: 'CLOSED' })
    expect(await failure(agent.submit('main', {}))).toMatchObject({ code: 'CLOSED', message: 'obedient is stopped' })
  })

  test('works by its schedules, one task for one time', async () => {
    agent.due = [{ cron: '* * * * * *', workflow: 'main' }]
    await agent.start(runner)
    expect(agent.status().schedules).toMatchObject([{ cron: '* * * * * *', workflow: 'main', next: expect.any(Number) }])
    await agent.end('scheduled', 'done')
    // Others may have been due meanwhile.
    await until(async () => (await runner.list()).some(({ state }) => state === 'succeeded'), 'the scheduled task to end')
    expect((await runner.list()).at(-1)?.id).toMatch(/^obedient\.main@\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/)
  })

  test('does what it does all the time from a start with schedules to its stop, which waits for the end of it', async () => {
    const seen: string[] = []
    agent.attended = async (signal) => {
      seen.push('begun')
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      seen.push('ended')
    }
    await agent.start(runner, { scheduled: false })
    expect(seen).toEqual([])
    const other = new Obedient({ name: 'other' })
    other.attended = agent.attended
    await other.start(runner)
    expect(seen).toEqual(['begun'])
    expect((await other.health()).ok).toBe(true)
    await other.stop()
    expect(seen).toEqual(['begun', 'ended'])
  })

  test('says why it does no more what it should do all the time', async () => {
    agent.attended = async () => {
      throw new QiError('UNAVAILABLE', 'the store is gone')
    }
    await agent.start(runner)
    await until(async () => !(await agent.health()).ok, 'the health to tell')
    expect(await agent.health()).toEqual({ ok: false, summary: 'the store is gone' })
    expect(agent.status().state).toBe('idle')
  })

  test('refuses a schedule that is none, by its text', async () => {
    agent.due = [{ cron: 'every day', workflow: 'main' }]
    expect(await failure(agent.start(runner))).toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/^schedule "every day" is not understood: .*"0 \* \* \* \*"/),
    })
  })
})
