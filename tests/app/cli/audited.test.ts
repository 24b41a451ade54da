import { readdir, readFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openStore } from '../../../lib/src/base/database/index.ts'
import { testDatabase } from '../../support/database.ts'
import { makeProject, type Project } from './project.ts'
import { document, qicore } from './qicore.ts'

/** Verbs that change nothing in store and stream; those of `mcp`, `tool` and `up` note each call of a tool. */
const CHANGE_NOTHING = new Set(
  [
    ...[
      'agentAsk',
      'agentList',
      'agentStatus',
      'anomalies',
      'audit',
      'candles',
      'configCheck',
      'configShow',
      'dataHealth',
      'dlqList',
      'groupList',
    ],
    ...[
      'doctor',
      'gaps',
      'indicators',
      'destinationCheck',
      'destinationList',
      'latest',
      'limits',
      'mcp',
      'mcpServers',
      'pipelineCheck',
      'pipelineHistory',
      'pipelineList',
    ],
    ...['book', 'compare', 'pipelineShow', 'quotes', 'spread', 'status', 'store', 'summary', 'tail', 'tokenList', 'trades', 'up'],
    // They write files of this machine alone.
    ...['mcpInstall', 'pipelinePull', 'init', 'export', 'record'],
    ...['completion', 'dbUrl', 'find', 'open', 'sql'],
  ].map((verb) => `${verb}.ts`),
)
const NOTED = /\b(audited|callAsUser|change|changePipelines)\(/

const verbs = new URL('../../../app/cli/verbs/', import.meta.url)
const { url } = await testDatabase()
let project: Project
beforeAll(async () => {
  await (await openStore({ databaseUrl: url, home: '/nowhere' })).close()
  project = await makeProject('audited', 'sources: { simulated: { coins: [bitcoin] } }\n')
})
afterAll(() => project[Symbol.asyncDispose]())

const run = (...args: string[]) => qicore(args, { cwd: project.cwd, env: { DATABASE_URL: url, QICORE_SOURCES: 'none' } })

test('every command that changes something leaves a line in the audit log', async () => {
  const files = await readdir(verbs)
  const silent: string[] = []
  for (const file of files) {
    const isNoted = NOTED.test(await readFile(new URL(file, verbs), 'utf8'))
    if (isNoted === CHANGE_NOTHING.has(file)) silent.push(file)
  }
  expect(silent).toEqual([])
  expect([...CHANGE_NOTHING].filter((file) => !files.includes(file))).toEqual([])
})

test('a backfill leaves a line with its arguments, also if it fails', async () => {
  const range = ['--source', 'simulated', '--from', '2026-01-01', '--to', '2026-01-01T01:00:00Z']
  expect(await run('backfill', 'bitcoin', ...range)).toMatchObject({ code: 0 })
  expect((await run('backfill', 'bitcoin', '--type', 'quote', ...range)).code).not.toBe(0)
  expect(document(await run('audit', '--tool', 'qicore backfill', '--json'))).toMatchObject([
    { outcome: 'failed', face: 'cli', effect: 'write', error: expect.stringContaining('quote'), arguments: { type: 'quote' } },
    { outcome: 'done', error: null, arguments: { coins: ['bitcoin'], source: 'simulated', from: '2026-01-01' } },
  ])
})

test("SQL in the owner's role leaves a line", async () => {
  const { code, stdout, stderr } = await run('psql', '--admin', '-c', 'select 6 * 7 as answer')
  expect([code, stdout.includes('42'), stderr.includes('error')]).toEqual([0, true, false])
  expect(document(await run('audit', '--tool', 'qicore psql', '--json'))).toMatchObject([
    { outcome: 'done', arguments: { admin: true, command: 'select 6 * 7 as answer' } },
  ])
})
