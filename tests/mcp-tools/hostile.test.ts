import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { ToolDefinition } from '../../lib/src/base/agent/index.ts'
import { CONFIRM, inputOf, tools } from '../../lib/src/mcp-tools/index.ts'
import { testDatabase } from '../support/database.ts'
import { type LinkedTools, linkedTools } from './consumer/linked.ts'
import { minimalArguments } from './consumer/minimalArguments.ts'

const TOPIC = 'canary'
let linked: LinkedTools
let file: string
let role: string

beforeAll(async () => {
  const { url, name } = await testDatabase()
  linked = await linkedTools(url)
  file = join(await mkdtemp(join(tmpdir(), 'qicore-canary-')), 'canary.txt')
  role = `canary_${name}`
  await writeFile(file, 'sings')
  const { store, stream } = linked.platform
  await store.pool.query(`create table canary (song text); insert into canary values ('sings'); create role ${role} nologin`)
  await stream.createTopics([TOPIC], { partitions: 1 })
  await stream.append(TOPIC, [{ key: null, value: 'sings' }])
})
afterAll(async () => {
  await linked?.platform.store.pool.query(`drop role ${role}`)
  await linked?.[Symbol.asyncDispose]()
  await rm(join(file, '..'), { recursive: true, force: true })
})
afterEach(async () => {
  const { store, stream } = linked.platform
  expect((await store.pool.query('select song from canary')).rows).toEqual([{ song: 'sings' }])
  const roles = await store.pool.query('select rolsuper, rolcanlogin from pg_roles where rolname = $1', [role])
  expect(roles.rows).toEqual([{ rolsuper: false, rolcanlogin: false }])
  const [topic] = await stream.describeTopics([TOPIC])
  expect(topic?.partitions).toEqual([{ partition: 0, earliest: 0n, latest: 1n }])
  expect(await readFile(file, 'utf8')).toBe('sings')
})

const hostileText = fc.oneof(
  fc.constantFrom(
    "'; drop table canary; --",
    "x'); delete from canary; --",
    'select * into taken from canary',
    'with gone as (delete from canary returning 1) select * from gone',
    'select 1; drop table canary',
    "select lo_export(1, '/tmp/canary')",
    "copy canary to program 'true'",
    '../../../../etc/passwd',
    '/etc/passwd',
    'file:///etc/passwd',
    '..\\..\\windows',
    '$(rm -rf /tmp/canary)',
    '`id`',
    '__proto__',
    'constructor',
    'BTC\u0000',
    '\u0000',
    '\ud800',
    '\u202ecib',
    '%s%n{{7*7}}',
    'NaN',
    '-1',
    '',
    ' ',
  ),
  fc.constantFrom(10_000, 1_000_000).map((length) => 'A'.repeat(length)),
  fc.string({ unit: 'binary', maxLength: 50 }),
)
const hostile: fc.Arbitrary<unknown> = fc.oneof(
  hostileText,
  fc.constantFrom(null, -1, 0, 1e308, Number.MAX_SAFE_INTEGER, Number.NaN, true, [], {}),
  fc.array(hostileText, { maxLength: 3 }),
  hostileText.map((text) => JSON.parse(`{"__proto__": {"admin": true}, "constructor": ${JSON.stringify(text)}}`)),
)

/** Some of a tool's arguments replaced by what they must not be; nobody agrees to anything. */
const attack = (tool: ToolDefinition): fc.Arbitrary<Record<string, unknown>> => {
  const names = Object.keys(inputOf(tool).shape).filter((name) => name !== CONFIRM)
  return fc
    .dictionary(names.length > 0 ? fc.constantFrom(...names, '__proto__', 'x') : fc.constantFrom('__proto__', 'x'), hostile, {
      minKeys: 1,
      maxKeys: 3,
    })
    .map((changes) => ({ ...minimalArguments(tool), ...changes }))
}

/** An answer, or an error of the tool that is meant for who called: never a crash, never a defect of ours. */
async function survives(tool: ToolDefinition, input: unknown): Promise<void> {
  const { refused, text } = await linked.ask(tool.name, input)
  if (!refused) return
  expect(text).toMatch(/^[A-Z_]+: ./)
  expect(text).not.toMatch(/^INTERNAL/)
  expect(text.length).toBeLessThan(3000)
}

test.each(tools.map((tool) => [tool.name, tool] as const))('%s does no harm with hostile arguments', async (_, tool) => {
  await fc.assert(
    fc.asyncProperty(attack(tool), (input) => survives(tool, input)),
    { numRuns: 15, interruptAfterTimeLimit: 60_000 },
  )
  for (const name of Object.keys(inputOf(tool).shape))
    await survives(tool, { ...minimalArguments(tool), [name]: Array(1_000_000).fill('a') })
})
