import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { checkImports, RULES } from '../../scripts/support/imports.mjs'

/** One file for each room of the house, and what it may import. */
const HOUSE: Readonly<Record<string, readonly string[]>> = {
  'lib/src/index.ts': ['lib/src/base/types/index.ts', 'lib/src/streaming/platform/index.ts', 'lib/src/publishers/index.ts'],
  'lib/src/base/types/index.ts': ['lib/src/base/types/a.ts'],
  'lib/src/base/types/a.ts': [],
  'lib/src/base/networking/index.ts': ['lib/src/base/types/index.ts'],
  'lib/src/base/database/index.ts': ['lib/src/base/types/index.ts', 'lib/src/base/networking/index.ts'],
  'lib/src/base/segments/index.ts': ['lib/src/base/types/index.ts', 'lib/src/base/database/index.ts'],
  'lib/src/base/alerts/index.ts': ['lib/src/base/types/index.ts', 'lib/src/base/database/index.ts'],
  'lib/src/base/agent/workflow/Flow.ts': ['lib/src/base/agent/workflow/model.ts'],
  'lib/src/base/agent/workflow/model.ts': [],
  'lib/src/base/agent/index.ts': ['lib/src/base/networking/index.ts', 'lib/src/base/database/index.ts'],
  'lib/src/streaming/index.ts': [
    'lib/src/streaming/redpanda/index.ts',
    'lib/src/streaming/embedded/index.ts',
    'lib/src/streaming/pipelines/index.ts',
  ],
  'lib/src/streaming/redpanda/index.ts': ['lib/src/base/types/index.ts'],
  'lib/src/streaming/embedded/index.ts': ['lib/src/base/types/index.ts'],
  'lib/src/streaming/pipelines/index.ts': ['lib/src/base/types/index.ts'],
  'lib/src/streaming/platform/index.ts': [
    'lib/src/publishers/index.ts',
    'lib/src/consumers/index.ts',
    'lib/src/mcp-tools/index.ts',
    'lib/src/streaming/embedded/index.ts',
  ],
  'lib/src/publishers/index.ts': [
    'lib/src/base/types/index.ts',
    'lib/src/streaming/pipelines/index.ts',
    'lib/src/publishers/sources/one/index.ts',
    'lib/src/publishers/agents/a.ts',
  ],
  'lib/src/publishers/sources/one/index.ts': ['lib/src/base/types/index.ts', 'lib/src/publishers/sources/one/parse.ts'],
  'lib/src/publishers/sources/one/parse.ts': [],
  'lib/src/publishers/sources/two/index.ts': ['lib/src/streaming/pipelines/index.ts'],
  'lib/src/publishers/agents/a.ts': [
    'lib/src/base/types/index.ts',
    'lib/src/mcp-tools/index.ts',
    'lib/src/publishers/sources/one/index.ts',
  ],
  'lib/src/consumers/index.ts': [
    'lib/src/base/types/index.ts',
    'lib/src/streaming/pipelines/index.ts',
    'lib/src/consumers/sinks/one/index.ts',
  ],
  'lib/src/consumers/sinks/one/index.ts': ['lib/src/base/types/index.ts'],
  'lib/src/consumers/sinks/two/index.ts': ['lib/src/base/types/index.ts'],
  'lib/src/consumers/agents/a.ts': ['lib/src/mcp-tools/index.ts', 'lib/src/consumers/sinks/one/index.ts'],
  'lib/src/mcp-tools/index.ts': ['lib/src/base/types/index.ts', 'lib/src/mcp-tools/publisher/a.ts'],
  'lib/src/mcp-tools/publisher/a.ts': ['lib/src/base/types/index.ts'],
  'lib/src/mcp-tools/consumer/a.ts': [],
  'lib/src/mcp-launchers/one/index.ts': ['lib/src/base/types/index.ts'],
  'lib/src/mcp-launchers/two/index.ts': ['lib/src/base/types/index.ts'],
  'app/cli/main.ts': ['lib/src/index.ts', 'lib/src/streaming/platform/index.ts', 'app/server/a.ts'],
  'app/server/a.ts': ['lib/src/base/types/index.ts'],
  'app/web/chart.tsx': [],
  'examples/a.ts': ['lib/src/publishers/index.ts'],
  'bench/a.ts': ['lib/src/streaming/index.ts', 'bench/b.ts'],
  'bench/b.ts': ['lib/src/consumers/index.ts'],
  'tests/a.ts': [],
}

const path = (from: string, to: string): string => `${'../'.repeat(from.split('/').length - 1)}${to}`

const importOf = (from: string, to: string): string => `import * as m${to.replace(/\W/g, '')} from '${path(from, to)}'\n`

/** Lays the house out in a folder of its own, with the extra line, and asks the linter. */
async function lint(file?: string, line = ''): ReturnType<typeof checkImports> {
  const folder = mkdtempSync(join(tmpdir(), 'qicore-imports-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  for (const [name, imports] of Object.entries(HOUSE)) {
    mkdirSync(join(folder, dirname(name)), { recursive: true })
    const lines = imports.map((to) => importOf(name, to)).join('')
    writeFileSync(join(folder, name), `export const x = 1\n${lines}${name === file ? line : ''}`)
  }
  return checkImports(folder)
}

/** Row of the table, importing file, imported file. */
const FORBIDDEN: readonly (readonly [rule: string, from: string, to: string])[] = [
  ['base-types', 'lib/src/base/types/a.ts', 'lib/src/streaming/pipelines/index.ts'],
  ['base-types', 'lib/src/base/types/a.ts', 'app/server/a.ts'],
  ['base-types', 'lib/src/base/types/a.ts', 'lib/src/base/networking/index.ts'],
  ['base-networking', 'lib/src/base/networking/index.ts', 'lib/src/base/database/index.ts'],
  ['base-database', 'lib/src/base/database/index.ts', 'lib/src/base/segments/index.ts'],
  ['base-segments', 'lib/src/base/segments/index.ts', 'lib/src/base/alerts/index.ts'],
  ['base-alerts', 'lib/src/base/alerts/index.ts', 'lib/src/base/agent/index.ts'],
  ['base-agent', 'lib/src/base/agent/index.ts', 'lib/src/base/segments/index.ts'],
  ['base-agent', 'lib/src/base/agent/index.ts', 'lib/src/streaming/pipelines/index.ts'],
  ['streaming', 'lib/src/streaming/redpanda/index.ts', 'lib/src/publishers/index.ts'],
  ['streaming', 'lib/src/streaming/pipelines/index.ts', 'lib/src/streaming/platform/index.ts'],
  ['siblings', 'lib/src/streaming/redpanda/index.ts', 'lib/src/streaming/embedded/index.ts'],
  ['siblings', 'lib/src/streaming/embedded/index.ts', 'lib/src/streaming/pipelines/index.ts'],
  ['publishers', 'lib/src/publishers/index.ts', 'lib/src/consumers/index.ts'],
  ['publishers', 'lib/src/publishers/index.ts', 'lib/src/mcp-tools/index.ts'],
  ['publishers', 'lib/src/publishers/sources/one/index.ts', 'lib/src/streaming/embedded/index.ts'],
  ['consumers', 'lib/src/consumers/index.ts', 'lib/src/publishers/index.ts'],
  ['consumers', 'lib/src/consumers/sinks/one/index.ts', 'lib/src/streaming/redpanda/index.ts'],
  ['siblings', 'lib/src/publishers/sources/one/index.ts', 'lib/src/publishers/sources/two/index.ts'],
  ['siblings', 'lib/src/consumers/sinks/one/index.ts', 'lib/src/consumers/sinks/two/index.ts'],
  ['mcp-tools', 'lib/src/mcp-tools/index.ts', 'lib/src/publishers/index.ts'],
  ['siblings', 'lib/src/mcp-tools/publisher/a.ts', 'lib/src/mcp-tools/consumer/a.ts'],
  ['mcp-launchers', 'lib/src/mcp-launchers/one/index.ts', 'lib/src/mcp-tools/index.ts'],
  ['siblings', 'lib/src/mcp-launchers/one/index.ts', 'lib/src/mcp-launchers/two/index.ts'],
  ['agents', 'lib/src/publishers/agents/a.ts', 'lib/src/consumers/sinks/one/index.ts'],
  ['agents', 'lib/src/consumers/agents/a.ts', 'lib/src/publishers/sources/one/index.ts'],
  ['platform', 'lib/src/streaming/platform/index.ts', 'app/server/a.ts'],
  ['entry-points', 'lib/src/index.ts', 'app/server/a.ts'],
  ['outside', 'app/cli/main.ts', 'lib/src/base/types/a.ts'],
  ['outside', 'app/web/chart.tsx', 'lib/src/base/types/a.ts'],
  ['outside', 'examples/a.ts', 'lib/src/publishers/sources/one/index.ts'],
  ['outside', 'bench/a.ts', 'app/cli/main.ts'],
  ['outside', 'bench/a.ts', 'tests/a.ts'],
  ['unresolvable', 'lib/src/base/types/a.ts', 'lib/src/base/types/nowhere.ts'],
]

test('each rule of the linter has an offence here', () => {
  // Circles have tests of their own.
  expect(RULES.filter((name) => !name.startsWith('circular') && !FORBIDDEN.some(([rule]) => rule === name))).toEqual([])
})

test('a house in order is accepted', async () => {
  const { refused, modules, imports } = await lint()
  expect(refused).toEqual([])
  expect(modules).toBe(Object.keys(HOUSE).length - 1) // tests are not looked at
  expect(imports).toBe(Object.values(HOUSE).flat().length)
})

test.each(FORBIDDEN)('%s: %s may not import %s', async (rule, from, to) => {
  const { refused } = await lint(from, importOf(from, to))
  const target = rule === 'unresolvable' ? path(from, to) : to
  // Some of these also close a circle.
  expect(refused.filter((line) => !line.includes(': circular'))).toEqual([
    expect.stringContaining(`${from}: ${rule}: may not import ${target}`),
  ])
})

const [, FROM, TO] = ['publishers', 'lib/src/publishers/index.ts', 'lib/src/consumers/index.ts'] as const

test.each([
  ['import type', `import type { X } from '${path(FROM, TO)}'`],
  ['an inline type', `import { type X } from '${path(FROM, TO)}'`],
  ['export from', `export { x as y } from '${path(FROM, TO)}'`],
  ['export type from', `export type { X } from '${path(FROM, TO)}'`],
  ['a dynamic import', `export const later = () => import('${path(FROM, TO)}')`],
  ['a side effect', `import '${path(FROM, TO)}'`],
  ['an import next to using', `export function f(d: Disposable) { using e = d; return import('${path(FROM, TO)}'), e }`],
])('%s counts as an import', async (_, line) => {
  const { refused } = await lint(FROM, `${line}\n`)
  expect(refused).toEqual([expect.stringContaining(`${FROM}: publishers: may not import ${TO}`)])
})

test('two files may not need each other to run', async () => {
  const [from, to] = ['lib/src/base/types/a.ts', 'lib/src/base/types/index.ts']
  const { refused } = await lint(from, importOf(from, to))
  expect(refused).not.toEqual([])
  for (const line of refused) expect(line).toMatch(/: circular(-types)?: may not import .* → /)
})

test('types of two files may not refer to each other, unless the circle is named with its reason', async () => {
  const line = (from: string, to: string) => `import type { X } from '${path(from, to)}'\n`
  const [from, to] = ['lib/src/base/types/a.ts', 'lib/src/base/types/index.ts']
  expect((await lint(from, line(from, to))).refused).toEqual([expect.stringContaining(': circular-types: may not import ')])
  const [flow, model] = ['lib/src/base/agent/workflow/Flow.ts', 'lib/src/base/agent/workflow/model.ts']
  expect((await lint(model, line(model, flow))).refused).toEqual([])
})
