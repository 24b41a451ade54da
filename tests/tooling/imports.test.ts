import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'

const LINTER = join(import.meta.dirname, '../../scripts/lint-imports.mjs')

/** One file for each room of the house, and what it may import. */
const HOUSE: Readonly<Record<string, readonly string[]>> = {
  'lib/src/index.ts': ['lib/src/base/index.ts', 'lib/src/streaming/platform/index.ts', 'lib/src/publishers/index.ts'],
  'lib/src/base/index.ts': ['lib/src/base/types/a.ts', 'lib/src/base/database/a.ts'],
  'lib/src/base/types/a.ts': [],
  'lib/src/base/database/a.ts': ['lib/src/base/types/a.ts'],
  'lib/src/streaming/index.ts': ['lib/src/streaming/redpanda/index.ts', 'lib/src/streaming/embedded/index.ts', 'lib/src/streaming/pipelines/index.ts'],
  'lib/src/streaming/redpanda/index.ts': ['lib/src/base/index.ts'],
  'lib/src/streaming/embedded/index.ts': ['lib/src/base/index.ts'],
  'lib/src/streaming/pipelines/index.ts': ['lib/src/base/index.ts'],
  'lib/src/streaming/platform/index.ts': ['lib/src/publishers/index.ts', 'lib/src/consumers/index.ts', 'lib/src/mcp-tools/index.ts', 'lib/src/streaming/embedded/index.ts'],
  'lib/src/publishers/index.ts': ['lib/src/base/index.ts', 'lib/src/streaming/pipelines/index.ts', 'lib/src/publishers/sources/one/index.ts', 'lib/src/publishers/agents/a.ts'],
  'lib/src/publishers/sources/one/index.ts': ['lib/src/base/index.ts', 'lib/src/publishers/sources/one/parse.ts'],
  'lib/src/publishers/sources/one/parse.ts': [],
  'lib/src/publishers/sources/two/index.ts': ['lib/src/streaming/pipelines/index.ts'],
  'lib/src/publishers/agents/a.ts': ['lib/src/base/index.ts', 'lib/src/mcp-tools/index.ts', 'lib/src/publishers/sources/one/index.ts'],
  'lib/src/consumers/index.ts': ['lib/src/base/index.ts', 'lib/src/streaming/pipelines/index.ts', 'lib/src/consumers/sinks/one/index.ts'],
  'lib/src/consumers/sinks/one/index.ts': ['lib/src/base/index.ts'],
  'lib/src/consumers/sinks/two/index.ts': ['lib/src/base/index.ts'],
  'lib/src/consumers/agents/a.ts': ['lib/src/mcp-tools/index.ts', 'lib/src/consumers/sinks/one/index.ts'],
  'lib/src/mcp-tools/index.ts': ['lib/src/base/index.ts', 'lib/src/mcp-tools/publisher/a.ts'],
  'lib/src/mcp-tools/publisher/a.ts': ['lib/src/base/index.ts'],
  'lib/src/mcp-tools/consumer/a.ts': [],
  'lib/src/mcp-launchers/one/index.ts': ['lib/src/base/index.ts'],
  'lib/src/mcp-launchers/two/index.ts': ['lib/src/base/index.ts'],
  'app/cli/main.ts': ['lib/src/index.ts', 'lib/src/streaming/platform/index.ts', 'app/server/a.ts'],
  'app/server/a.ts': ['lib/src/base/index.ts'],
  'app/web/chart.tsx': [],
  'examples/a.ts': ['lib/src/publishers/index.ts'],
  'bench/a.ts': ['lib/src/streaming/index.ts', 'bench/b.ts'],
  'bench/b.ts': ['lib/src/consumers/index.ts'],
  'tests/a.ts': [],
}

const path = (from: string, to: string): string => `${'../'.repeat(from.split('/').length - 1)}${to}`

const importOf = (from: string, to: string): string => `import * as m${to.replace(/\W/g, '')} from '${path(from, to)}'\n`

/** Lays the house out in a folder of its own, with the extra line, and asks the linter. */
async function lint(file?: string, line = ''): Promise<{ readonly ok: boolean; readonly output: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'qicore-imports-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  for (const [name, imports] of Object.entries(HOUSE)) {
    mkdirSync(join(folder, dirname(name)), { recursive: true })
    const lines = imports.map((to) => importOf(name, to)).join('')
    writeFileSync(join(folder, name), `export const x = 1\n${lines}${name === file ? line : ''}`)
  }
  return promisify(execFile)(process.execPath, [LINTER, folder]).then(
    ({ stdout }) => ({ ok: true, output: stdout }),
    ({ stderr }: { stderr: string }) => ({ ok: false, output: stderr }),
  )
}

/** Row of the table, importing file, imported file. */
const FORBIDDEN: readonly (readonly [rule: string, from: string, to: string])[] = [
  ['base', 'lib/src/base/types/a.ts', 'lib/src/streaming/pipelines/index.ts'],
  ['base', 'lib/src/base/types/a.ts', 'app/server/a.ts'],
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
  ['unresolvable', 'lib/src/base/types/a.ts', 'lib/src/base/nowhere.ts'],
]

test('a house in order is accepted', async () => {
  const { ok, output } = await lint()
  expect(output).toMatch(/^imports: 29 modules, \d\d imports, all allowed\n$/)
  expect(ok).toBe(true)
})

test.each(FORBIDDEN)('%s: %s may not import %s', async (rule, from, to) => {
  const { ok, output } = await lint(from, importOf(from, to))
  expect(ok).toBe(false)
  expect(output).toContain(`${from}: ${rule}: may not import ${rule === 'unresolvable' ? path(from, to) : to}`)
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
  const { output } = await lint(FROM, `${line}\n`)
  expect(output).toContain(`${FROM}: publishers: may not import ${TO}`)
})

test('two files may not need each other to run', async () => {
  const [from, to] = ['lib/src/base/types/a.ts', 'lib/src/base/database/a.ts']
  const { ok, output } = await lint(from, importOf(from, to))
  expect(ok).toBe(false)
  expect(output).toMatch(/a\.ts: circular: may not import .* → /)
})

test('types may refer to each other in a circle', async () => {
  const [from, to] = ['lib/src/base/types/a.ts', 'lib/src/base/database/a.ts']
  expect(await lint(from, `import type { X } from '${path(from, to)}'\n`)).toMatchObject({ ok: true })
})
