import { randomInt } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { describeWith } from '../support/services.ts'
import { loadScenarios, type Scenario, scenarioCommand } from './scenario.ts'

/** A small run of `npm run chaos -- --scenario NAME`. */
const scenarios = await loadScenarios()

async function survives(scenario: Scenario): Promise<void> {
  const size = { seconds: Math.max(5, scenario.leastSeconds ?? 0), rate: 2000, seed: randomInt(1, 2 ** 31) }
  const { problems } = await scenario.run({ ...size, say: () => {}, patienceMs: 120_000 })
  expect(problems, scenarioCommand(scenario.name, size)).toEqual([])
}

for (const scenario of scenarios) {
  const { name, summary, needs = [] } = scenario
  describeWith(needs, `under load: ${name}`, { timeout: 600_000 }, () => {
    test(summary, () => survives(scenario))
  })
}

describe('scenarios', () => {
  test('have names of their own', () => {
    const names = scenarios.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    for (const name of names) expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/)
  })
})
