import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export interface Suite {
  readonly name: string
  /** Of node_modules. */
  readonly package: string
  readonly args: readonly string[]
}

/** Both are pinned: a newer one may ask for more. */
export const SUITES: readonly Suite[] = [
  { name: 'clients before 2026-07-28 (0.1.16, active)', package: 'mcp-conformance', args: ['--suite', 'active'] },
  { name: 'protocol 2026-07-28 (0.2.0-alpha.12)', package: 'mcp-conformance-next', args: ['--requirements', '2026-07-28'] },
]

export interface Outcome {
  readonly ok: boolean
  readonly passed: number
  readonly failed: number
  readonly output: string
}

export async function runSuite({ package: name, args }: Suite, url: string): Promise<Outcome> {
  const main = fileURLToPath(new URL(`../../node_modules/${name}/dist/index.js`, import.meta.url))
  const { ok, output } = await run([main, 'server', '--url', url, ...args])
  const unscored = new Set([...output.matchAll(/^ {2}✗ (\S+) \(/gm)].map(([, scenario]) => scenario))
  const scenarios = [...output.matchAll(/^[✓✗] (\S+): (\d+) passed, (\d+) failed$/gm)].filter(
    ([, scenario]) => !unscored.has(scenario),
  )
  const sum = (column: number) => scenarios.reduce((total, found) => total + Number(found[column]), 0)
  return { ok: ok && scenarios.length > 0, passed: sum(2), failed: sum(3), output }
}

const run = (args: readonly string[]) =>
  new Promise<{ ok: boolean; output: string }>((resolve) => {
    execFile(process.execPath, [...args], { maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) =>
      resolve({ ok: error === null, output: `${stdout}${stderr}` }),
    )
  })
