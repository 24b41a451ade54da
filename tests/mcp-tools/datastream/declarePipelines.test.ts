import { afterAll, beforeAll, expect, test } from 'vitest'
import { callTool, type Role, selectTools, toolNamed } from '../../../lib/src/mcp-tools/index.ts'
import { testDatabase } from '../../support/database.ts'
import { type LinkedTools, linkedTools } from '../consumer/linked.ts'

let linked: LinkedTools
beforeAll(async () => {
  linked = await linkedTools((await testDatabase()).url)
})
afterAll(() => linked?.[Symbol.asyncDispose]())

const TEXT = 'version: 1\nfrom: { records: [price] }\nto: [{ topic: majors, record: price }]\n'
const as = (role: Role, input: object, agreed = true) =>
  callTool(
    toolNamed('declare_pipelines'),
    input,
    { ...linked.platform.toolHandles, signal: new AbortController().signal, progress: () => {} },
    { by: { name: 'ann', role, face: 'http' }, caller: `ann as ${role}`, agreed },
  )

test('viewers read, operators draft, stop and resume, admins deploy', async () => {
  expect((await as('viewer', { action: 'check', name: 'majors', text: TEXT })).structured).toMatchObject({
    done: 'it can be deployed',
    replaces: 0,
  })
  await expect(as('viewer', { action: 'save_draft', name: 'majors', text: TEXT, replaces: 0 })).rejects.toMatchObject({
    code: 'FORBIDDEN',
  })
  expect((await as('operator', { action: 'save_draft', name: 'majors', text: TEXT, replaces: 0 })).structured).toMatchObject({
    replaces: 1,
  })
  await expect(as('operator', { action: 'deploy', name: 'majors', draft: true, replaces: 0 })).rejects.toMatchObject({
    code: 'FORBIDDEN',
  })
  expect((await as('admin', { action: 'deploy', name: 'majors', draft: true, replaces: 0 })).text).toBe(
    'version 1 of majors is deployed',
  )
  expect((await as('viewer', { action: 'drafts' })).structured).toMatchObject({ drafts: [] })
  expect((await as('operator', { action: 'stop', name: 'majors' })).text).toContain('stopped majors in every process')
  expect((await as('viewer', { action: 'history', name: 'majors' })).structured).toMatchObject({
    events: [
      { event: 'stopped', by: 'ann' },
      { event: 'deployed', by: 'ann' },
    ],
  })
  expect((await as('viewer', { action: 'show', name: 'majors' })).structured).toMatchObject({
    text: TEXT,
    pipelines: [{ state: 'stopped', version: 1 }],
  })
})

test('without consent nothing is deployed; each problem is listed with its place', async () => {
  // The topic of the other test may be another pipeline's by now.
  const others = TEXT.replace('majors', 'others')
  const input = { action: 'deploy', name: 'other', text: others, replaces: 0 }
  await expect(as('admin', input, false)).rejects.toMatchObject({
    code: 'CONFLICT',
    question: 'Deploy pipeline other? It runs in every process of the platform from then on.',
  })
  await expect(as('viewer', { action: 'show', name: 'other' })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  const problems = async (text: string) =>
    ((await as('viewer', { action: 'check', name: 'other', text })).structured as { problems: string[] }).problems
  expect(await problems(others.replace('price', 'prise'))).toEqual([
    '2:19: from.records[0] "prise": there is no such record type; did you mean price?',
  ])
  expect((await problems(`name: mine\n${others}`))[0]).toContain('the text declares pipeline mine')
  await expect(as('viewer', { action: 'show' })).rejects.toMatchObject({ code: 'BAD_REQUEST', field: 'name' })
})

test('where nothing may be destroyed, deploy is not offered and the rest is', () => {
  const [tool] = selectTools({ names: ['declare_pipelines'] })
  expect(tool?.effect).toBe('write')
  expect(tool?.input.safeParse({ action: 'deploy', name: 'a' }).success).toBe(false)
  expect(tool?.input.safeParse({ action: 'save_draft', name: 'a' }).success).toBe(true)
})
