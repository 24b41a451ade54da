import type { SerializedError } from 'vitest'
import type { Reporter, TestModule } from 'vitest/node'
import { REMEDY, type ServiceName } from './run/available.ts'

/** Ends a run with what was left out for lack of a service, and with the counts alone on a line. */
export default class ClosingReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly SerializedError[]): void {
    const counts = { passed: 0, failed: errors.length, skipped: 0 }
    const leftOut = new Map<ServiceName, number>()
    for (const module of modules) {
      // A file that could not be loaded, or whose hooks failed, may have no failed test.
      let own = 0
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        if (state === 'failed') own++
        if (state === 'passed') counts.passed++
        if (state === 'skipped') counts.skipped++
        if (state === 'skipped') for (const name of needs(test.fullName)) leftOut.set(name, (leftOut.get(name) ?? 0) + 1)
      }
      counts.failed += own === 0 && module.state() === 'failed' ? 1 : own
    }
    const lines = [...leftOut].map(
      ([name, count]) => `left out, no ${name}: ${count} test${count === 1 ? '' : 's'} (to have it: ${REMEDY[name]})`,
    )
    const summary = `${counts.passed} passed, ${counts.failed} failed${counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''}`
    process.stdout.write(`${[...lines, summary].join('\n')}\n`)
  }
}

const needs = (name: string): ServiceName[] =>
  [...name.matchAll(/\[needs ([^\]]+)\]/g)].flatMap(([, list]) => (list as string).split(', ') as ServiceName[])
