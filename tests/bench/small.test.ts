import { execFile } from 'node:child_process'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { describeWith } from '../support/services.ts'

const run = promisify(execFile)
const MAIN = resolve(import.meta.dirname, '../../bench/main.ts')

describeWith('psql', 'the benchmarks at a small size', { timeout: 120_000 }, () => {
  test.each(['batch', 'stream', 'drizzle'])('%s prints its figures as a table, with ratios to its baseline', async (scenario) => {
    const { stdout } = await run(process.execPath, [MAIN, scenario, '--records', '2000', '--rounds', '1'], {
      env: { PATH: process.env.PATH, TMPDIR: process.env.TMPDIR },
    })
    expect(stdout).toMatch(/^\| (psql|node-postgres).* \| [\d.,k]+ \([\d.,k]+–[\d.,k]+\) \| 1\.00 \|$/m)
    expect(stdout).not.toContain('NaN')
  })

  test('a scenario that does not exist is refused with those that do', async () => {
    const failure = await run(process.execPath, [MAIN, 'bacth']).catch((error: { code: number; stderr: string }) => error)
    expect(failure).toMatchObject({ code: 2, stderr: expect.stringMatching(/no scenario named bacth\n[\s\S]*batch\|stream/) })
  })
})
