import { describe, expect, it, onTestFinished } from 'vitest'
import { until } from '../../support/until.ts'
import { makeProject } from './project.ts'
import { document, qicore, Running, up } from './qicore.ts'

const env = { QICORE_SOURCES: 'simulated' }

async function freshProject() {
  const project = await makeProject('lifecycle', 'sources: { simulated: { interval_ms: 200 } }\n')
  onTestFinished(() => project[Symbol.asyncDispose]())
  return project
}

describe('start and stop of a platform', () => {
  it('drains at SIGTERM, stops its database, can be queried while it does not run, and resumes', async () => {
    const { cwd, databaseRuns } = await freshProject()
    const candles = async () => {
      const end = await qicore(['query', 'candles', 'bitcoin', '--timeframe', '1s', '--limit', '10000', '--json'], { cwd, env })
      return document<{ candles: readonly { time: string; built_from: string }[] }>(end).candles
    }
    const first = await up({ cwd, env })
    await until(
      () =>
        candles()
          .then((list) => list.length > 1)
          .catch(() => false),
      'prices',
    )
    const ended = await first.stop()
    expect(ended.code).toBe(0)
    const events = ended.stdout
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { event: string }).event)
    expect(events.slice(-2)).toEqual(['stopping', 'stopped'])
    expect(await databaseRuns()).toBe(false)

    const before = await candles()
    expect(before.length).toBeGreaterThan(0)
    expect(await databaseRuns()).toBe(false)

    const second = await up({ cwd, env })
    const after = await until(() => candles().then((list) => list.length > before.length && list), 'more prices')
    expect(after[0]?.time).toBe(before[0]?.time)
    expect((await second.stop()).code).toBe(0)
    expect(await databaseRuns()).toBe(false)
  })

  it('drains at Ctrl-C, and ends at once at a second one', async () => {
    const { cwd } = await freshProject()
    const running = new Running(['up', '--port', '0'], { cwd, env })
    await running.line(/^Running/)
    running.signal('SIGINT')
    await running.line(/^Stopping/)
    running.signal('SIGINT')
    // The command has ended by itself, or by the second signal.
    expect([0, 130]).toContain((await running.ended).code)
    expect((await qicore(['query', 'latest', '--json'], { cwd, env })).code).toBe(0)
  })

  it('logs to stderr, one JSON object a line without a terminal', async () => {
    const { cwd } = await freshProject()
    const running = await up({ cwd, env }, '--log-level', 'debug')
    const { code, stderr } = await running.stop()
    expect(code).toBe(0)
    for (const line of stderr.trim().split('\n').filter(Boolean))
      expect(JSON.parse(line)).toMatchObject({ level: expect.any(Number), msg: expect.any(String) })
  })
})
