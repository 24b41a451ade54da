import { describe, expect, it } from 'vitest'
import { until } from '../../support/until.ts'
import { makeProject } from './project.ts'
import { document, failure, qicore, up } from './qicore.ts'

interface Answer {
  readonly pid: number
  readonly health: {
    readonly status: string
    readonly parts: readonly { readonly name: string; readonly status: string; readonly since: string }[]
  }
  readonly status: { readonly consumers: readonly { readonly written: number; readonly lag?: number }[] }
}

describe('qicore status', () => {
  it('shows parts, sources, deliveries and lag, and fails if no platform runs', async () => {
    await using project = await makeProject('status', 'sources: { simulated: { interval_ms: 100 } }\n')
    const env = { QICORE_SOURCES: 'simulated' }
    const none = await qicore(['status', '--json'], { cwd: project.cwd, env })
    expect(none.code).toBe(3)
    expect(failure(none).message).toMatch(/no platform runs in this project/)

    const before = Date.now()
    const platform = await up({ cwd: project.cwd, env })
    await using stopping = new AsyncDisposableStack()
    stopping.defer(async () => void (await platform.stop()))
    const answer = await until(async () => {
      const found: Answer = document(await qicore(['status', '--json'], { cwd: project.cwd, env }))
      return (found.status.consumers[0]?.written ?? 0) > 0 && found
    }, 'stored records')
    expect(answer.pid).toBe(platform.process.pid)
    expect(answer.health.status).toBe('up')
    expect(answer.health.parts.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['store', 'stream', 'source simulated', 'consumer crypto-data']),
    )
    for (const { since } of answer.health.parts) {
      expect(Date.parse(since)).toBeGreaterThanOrEqual(before)
      expect(Date.parse(since)).toBeLessThanOrEqual(Date.now())
    }
    expect(answer.status.consumers[0]?.lag).toBeTypeOf('number')

    const shown = await qicore(['status'], { cwd: project.cwd, env })
    expect(shown.stdout).toMatch(/^The platform is up$/m)
    expect(shown.stdout).toMatch(/^SIMULATED +running +\d+/m)
    expect(shown.stdout).toMatch(/^Rollups: (\d+ pending, lag|up to date)/m)
  })
})
