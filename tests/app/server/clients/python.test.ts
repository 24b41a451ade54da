import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { testDatabase } from '../../../support/database.ts'
import { pythonClient } from '../../../support/run/available.ts'
import { describeWith } from '../../../support/services.ts'
import { temporary } from '../../../support/temporary.ts'
import { type Engines, openEngines } from '../served.ts'
import { serveMarket, storeSomeOfAll } from './market.ts'
import { otherCalls, type Read, readingCalls, readsIn } from './operations.ts'

const document = join(import.meta.dirname, '../../../../docs/reference/openapi.json')

/** The same value with times as the server writes them: the client writes UTC as +00:00. */
function asSent(value: unknown): unknown {
  if (typeof value === 'string' && /^\d{4}-\d\d-\d\dT[\d:.]+\+00:00$/.test(value)) return new Date(value).toISOString()
  if (Array.isArray(value)) return value.map(asSent)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, asSent(inner)]))
}

describeWith('python-client', 'a client by openapi-python-client', async () => {
  const { url: database } = await testDatabase()
  let engines: Engines
  beforeAll(async () => {
    engines = await openEngines(database)
    await storeSomeOfAll(engines)
  })
  afterAll(() => engines[Symbol.asyncDispose]())

  test('is generated without a warning, type-checks, and parses every answer', async () => {
    const { url, job } = await serveMarket(engines)
    const calls = [...readingCalls(job), ...otherCalls]
    const folder = await temporary('python-client')
    const options = {
      cwd: folder,
      env: { ...process.env, PATH: `${pythonClient()}:${process.env.PATH}`, PYTHONPATH: folder },
      maxBuffer: 1 << 26,
    }
    const run = (program: string, ...given: string[]) =>
      promisify(execFile)(join(pythonClient(), program), given, options).catch((failure: { stdout: string; stderr: string }) => {
        throw new Error(`${program} failed:\n${failure.stdout}${failure.stderr}`)
      })
    const output = ['--meta', 'none', '--output-path', join(folder, 'qicore_client')]
    const { stdout: said } = await run('openapi-python-client', 'generate', '--path', document, ...output, '--fail-on-warning')
    expect(said).not.toMatch(/warning/i)
    await run('python', '-m', 'compileall', '-q', 'qicore_client')
    // Its client.py is the same for every document, and imprecise in the arguments of __exit__.
    const checked = ['-p', 'qicore_client.api', '-p', 'qicore_client.models', '--follow-imports', 'silent']
    expect((await run('mypy', ...checked)).stdout).toMatch(/^Success/)

    const file = join(folder, 'calls.json')
    await writeFile(file, JSON.stringify(calls))
    const { stdout } = await run('python', join(import.meta.dirname, 'readAll.py'), url, file)
    const read = readsIn<Read & { readonly type: string }>(stdout)
    expect(read.map(({ id, status }) => [id, status])).toEqual(calls.map(({ id, status }) => [id, status]))
    for (const [at, { id, raw, parsed, type }] of read.entries()) {
      expect([id, asSent(parsed)]).toEqual([id, calls[at]?.json ? JSON.parse(raw) : raw])
      if (calls[at]?.json) expect(type).toMatch(/^[A-Z]/)
    }
    expect(read.filter(({ status }) => status >= 400).map(({ type }) => type)).toEqual(['Problem', 'Problem', 'Problem'])
  })
})
