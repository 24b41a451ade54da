import { execFile } from 'node:child_process'
import { symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { testDatabase } from '../../../support/database.ts'
import { typescriptClient } from '../../../support/run/available.ts'
import { describeWith } from '../../../support/services.ts'
import { temporary } from '../../../support/temporary.ts'
import { type Engines, openEngines } from '../served.ts'
import { serveMarket, storeSomeOfAll } from './market.ts'
import { type Call, otherCalls, readingCalls, readsIn } from './operations.ts'

const run = promisify(execFile)
const repository = join(import.meta.dirname, '../../../..')

const HEAD = `import createClient from 'openapi-fetch'
import type { components, paths } from './schema.d.ts'

declare const process: { readonly argv: readonly string[] }
type Schemas = components['schemas']

const raw: string[] = []
const options = {
  baseUrl: process.argv[2] as string,
  fetch: async (request: Request) => {
    const response = await fetch(request)
    raw.push(await response.clone().text())
    return response
  },
}
const client = createClient<paths, 'application/json' | 'application/problem+json'>(options)
const texts = createClient<paths, 'text/plain' | 'text/event-stream'>(options)
const say = (id: string, { data, error, response }: { data?: unknown; error?: unknown; response: Response }) =>
  console.log(JSON.stringify({ id, status: response.status, raw: raw.pop(), parsed: data ?? error }))
`

/** Checked by the compiler, never called. */
const TYPES = `
export async function typed(message: Schemas['LiveServerMessage']) {
  const { data, error } = await client.GET('/api/v1/candles', { params: { query: { coin: 'bitcoin', from: '-7d', limit: 'all' } } })
  const close: string | undefined = data?.candles[0]?.close
  const series: Schemas['Series'] | undefined = data?.series
  const problem: Schemas['ErrorCode'] | undefined = error?.code
  const page: Schemas['TradePage'] | undefined = (await client.GET('/api/v1/trades')).data
  const said: string | undefined = message.type === 'error' ? message.error.message : undefined
  // @ts-expect-error a figure is text, so that no digit is lost
  const rounded: number | undefined = data?.candles[0]?.close
  // @ts-expect-error a coin is needed
  await client.GET('/api/v1/candles', { params: { query: {} } })
  // @ts-expect-error there is no such timeframe
  await client.GET('/api/v1/candles', { params: { query: { coin: 'bitcoin', timeframe: '7x' } } })
  return [close, series, problem, page, said, rounded]
}
`

const lineOf = ({ id, method, path, params, body, json }: Call): string => {
  const options = { params, ...(body !== undefined && { body }), ...(!json && { parseAs: 'text' }) }
  return `say('${id}', await ${json ? 'client' : 'texts'}.${method}('${path}', ${JSON.stringify(options)}))\n`
}

describeWith('typescript-client', 'a client by openapi-typescript', async () => {
  const { url: database } = await testDatabase()
  let engines: Engines
  beforeAll(async () => {
    engines = await openEngines(database)
    await storeSomeOfAll(engines)
  })
  afterAll(() => engines[Symbol.asyncDispose]())

  test('compiles strictly, and parses every answer', async () => {
    const { url, job } = await serveMarket(engines)
    const calls = [...readingCalls(job), ...otherCalls]
    const folder = await temporary('typescript-client')
    const schema = join(folder, 'schema.d.ts')
    await run(join(typescriptClient(), '.bin/openapi-typescript'), [
      join(repository, 'docs/reference/openapi.json'),
      '-o',
      schema,
    ])
    await symlink(typescriptClient(), join(folder, 'node_modules'))
    await writeFile(join(folder, 'package.json'), '{"type":"module"}')
    await writeFile(join(folder, 'calls.ts'), `${HEAD}${calls.map(lineOf).join('')}${TYPES}`)
    const compilerOptions = {
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      noEmit: true,
      allowImportingTsExtensions: true,
      target: 'es2024',
      module: 'nodenext',
      lib: ['es2024', 'dom'],
      types: [],
    }
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['calls.ts'] }))
    const compiled = run(join(repository, 'node_modules/.bin/tsc'), ['-p', folder])
    expect(await compiled.catch(({ stdout }: { stdout: string }) => stdout)).toMatchObject({ stdout: '' })

    const { stdout } = await run(process.execPath, [join(folder, 'calls.ts'), url], { maxBuffer: 1 << 26 })
    const read = readsIn(stdout)
    expect(read.map(({ id, status }) => [id, status])).toEqual(calls.map(({ id, status }) => [id, status]))
    for (const [at, { id, raw, parsed }] of read.entries())
      expect([id, parsed]).toEqual([id, calls[at]?.json ? JSON.parse(raw) : raw])
    const problem = read.find(({ status }) => status === 404)?.parsed
    expect(problem).toMatchObject({ code: 'NOT_FOUND', detail: expect.stringContaining('nothing') })
  })
})
