import { execFile } from 'node:child_process'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const ROOT = resolve(import.meta.dirname, '../..')
/** Each Node that starts tells its process and its flags. */
const TELL = 'data:text/javascript,console.error(JSON.stringify([process.pid,process.execArgv]))'

async function started(args: readonly string[], options = ''): Promise<[pid: number, flags: readonly string[]][]> {
  const env = { ...process.env, NODE_OPTIONS: `--import=${TELL} ${options}` }
  const { stderr } = await promisify(execFile)(process.execPath, [join(ROOT, 'bin/qicore.js'), ...args], { env })
  return stderr
    .split('\n')
    .filter((line) => line.startsWith('['))
    .map((line) => JSON.parse(line) as [number, readonly string[]])
}

test.runIf(process.platform !== 'win32')(
  'what carries records runs with a heap that stays small, in the process that was started',
  async () => {
    const [first, second, ...others] = await started(['backfill', '--help'])
    expect(first?.[1]).toEqual([])
    expect(second?.[1]).toEqual(['--max-semi-space-size=8', '--heap-growing-percent=50'])
    expect(second?.[0]).toBe(first?.[0])
    expect(others).toEqual([])
  },
)

test.runIf(process.platform !== 'win32').each(['import', 'export'])('qicore %s does as well', async (verb) => {
  expect((await started([verb, '--help'])).at(-1)?.[1]).toEqual(['--max-semi-space-size=8', '--heap-growing-percent=50'])
})

test('what is over soon starts once, and a size that was given stays', async () => {
  expect(await started(['doctor', '--help'])).toHaveLength(1)
  expect(await started(['backfill', '--help'], '--max-semi-space-size=32')).toHaveLength(1)
})
