import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { findProject, readConfigFile, resolveConfig, settingsOf } from '../../lib/src/base/types/index.ts'

const schema = z.object({
  server: z
    .object({
      port: z.int().min(1).max(65_535).default(8787).describe('the port').meta({ env: 'QICORE_PORT', flag: 'port' }),
      token: z.string().min(4).optional().meta({ env: 'QICORE_TOKEN', secret: true }),
      open: z.boolean().default(false).meta({ env: 'QICORE_OPEN' }),
    })
    .prefault({}),
  sources: z
    .array(z.enum(['coingecko', 'simulated']))
    .optional()
    .meta({ env: 'QICORE_SOURCES' }),
})

const failure = (inputs: Parameters<typeof resolveConfig>[1]): string[] => {
  try {
    resolveConfig(schema, inputs)
    return []
  } catch (error) {
    return (error as Error).message.split('\n')
  }
}

describe('resolveConfig', () => {
  test('flags override the environment, the environment the file, the file defaults; the origin of each is named', () => {
    const file = { name: 'qicore.yaml', values: { server: { port: 1, open: true, token: 'from-file' }, sources: ['simulated'] } }
    const env = { QICORE_PORT: '2', QICORE_TOKEN: 'from-env' }
    const { config, provenance } = resolveConfig(schema, { file, env, flags: { 'server.port': '3' } })
    expect(config).toEqual({ server: { port: 3, token: 'from-env', open: true }, sources: ['simulated'] })
    expect(Object.fromEntries(provenance.map((p) => [p.path, p.from]))).toEqual({
      'server.port': 'flag --port',
      'server.token': 'environment QICORE_TOKEN',
      'server.open': 'qicore.yaml',
      sources: 'qicore.yaml',
    })
    expect(resolveConfig(schema, {}).config).toEqual({ server: { port: 8787, open: false } })
  })

  test('reads numbers, booleans and lists from the environment; an empty variable is none', () => {
    const { config } = resolveConfig(schema, {
      env: { QICORE_PORT: '80', QICORE_OPEN: 'yes', QICORE_SOURCES: 'coingecko, simulated', QICORE_TOKEN: '' },
    })
    expect(config).toEqual({ server: { port: 80, open: true }, sources: ['coingecko', 'simulated'] })
  })

  test('reports every error at once: where, which value, what was expected', () => {
    const problems = failure({
      env: { QICORE_PORT: '99999', QICORE_OPEN: 'maybe' },
      file: { name: 'qicore.yaml', values: { sources: ['coingeko'] } },
    })
    expect(problems).toHaveLength(3)
    expect(problems[0]).toMatch(/^server\.port 99999 \(environment QICORE_PORT\): .*65535/)
    expect(problems[1]).toMatch(/^server\.open "maybe" \(environment QICORE_OPEN\): expected true or false$/)
    expect(problems[2]).toMatch(/^sources\.0 "coingeko" \(qicore\.yaml\): expected one of coingecko, simulated$/)
  })

  test('refuses unknown settings and QICORE_ variables with a suggestion', () => {
    const file = { name: 'qicore.yaml', values: { server: { prot: 1 }, colour: 'blue' } }
    expect(failure({ file, env: { QICORE_PRT: '1', OTHER: 'x' } })).toEqual([
      'qicore.yaml: unknown setting server.prot; did you mean port?',
      'qicore.yaml: unknown setting colour; known: server, sources',
      'environment: unknown variable QICORE_PRT; did you mean QICORE_PORT?',
    ])
  })

  test('never shows a secret', () => {
    expect(failure({ env: { QICORE_TOKEN: 'abc' } }).join()).not.toContain('abc')
    expect(resolveConfig(schema, { env: { QICORE_TOKEN: 'abcdef' } }).provenance.find((p) => p.secret)?.path).toBe('server.token')
  })

  test('refuses a file that is a list', () => {
    expect(failure({ file: { name: 'qicore.yaml', values: [1] } })[0]).toMatch(/expected settings/)
  })

  test('lists every setting with its description', () => {
    expect(settingsOf(schema).map(({ path, env, description }) => [path, env, description])).toEqual([
      ['server.port', 'QICORE_PORT', 'the port'],
      ['server.token', 'QICORE_TOKEN', ''],
      ['server.open', 'QICORE_OPEN', ''],
      ['sources', 'QICORE_SOURCES', ''],
    ])
  })
})

describe('the project', () => {
  const folder = () => {
    const path = mkdtempSync(join(tmpdir(), 'qicore-project-'))
    onTestFinished(() => rmSync(path, { recursive: true }))
    return path
  }

  test('is the nearest folder upwards with qicore.yaml or .qicore, else the current one', () => {
    const root = folder()
    const deep = join(root, 'a', 'b')
    mkdirSync(deep, { recursive: true })
    expect(findProject(deep)).toBe(deep)
    writeFileSync(join(root, 'qicore.yaml'), '')
    expect(findProject(deep)).toBe(root)
    mkdirSync(join(root, 'a', '.qicore'))
    expect(findProject(deep)).toBe(join(root, 'a'))
  })

  test('its file: read, absent, empty, and broken with line and column', () => {
    const path = join(folder(), 'qicore.yaml')
    expect(readConfigFile(path)).toBeUndefined()
    writeFileSync(path, 'server:\n  port: 80\n')
    expect(readConfigFile(path)).toEqual({ name: 'qicore.yaml', values: { server: { port: 80 } } })
    writeFileSync(path, '# nothing\n')
    expect(resolveConfig(schema, { file: readConfigFile(path) as { name: string; values: unknown } }).config.server.port).toBe(
      8787,
    )
    writeFileSync(path, 'server:\n  port: 1\n  port: 2\n')
    const twice = 'server.port is given twice, at line 2, column 3 and at line 3, column 3; rename or remove one of the two'
    expect(() => readConfigFile(path)).toThrow(`qicore.yaml: ${twice}`)
    writeFileSync(path, 'server: [\n')
    expect(() => readConfigFile(path)).toThrow(/line 2, column 1/)
  })
})
