import { afterAll, beforeAll, expect, it } from 'vitest'
import { testDatabase } from '../../support/database.ts'
import { makeProject, type Project } from './project.ts'
import { document, failure, qicore } from './qicore.ts'

const { url } = await testDatabase()
let project: Project
beforeAll(async () => {
  project = await makeProject('token')
})
afterAll(() => project[Symbol.asyncDispose]())

const run = (...args: string[]) => qicore(args, { cwd: project.cwd, env: { DATABASE_URL: url } })

interface Made {
  readonly id: string
  readonly token: string
}
interface Listed {
  readonly id: string
  readonly name: string
  readonly role: string
  readonly revoked_at: string | null
}

it('a token is printed once, listed without its secret, and revoked by number or name; the audit log has each', async () => {
  const made = document<Made>(await run('token', 'create', 'ci', '--role', 'operator', '--days', '90', '--json'))
  expect(made).toMatchObject({ token: expect.stringMatching(/^qi_[\w-]{43}$/), role: 'operator' })
  const second = await run('token', 'create', 'ci', '--role', 'operator')
  expect(second.stdout.trim()).toMatch(/^qi_[\w-]{43}$/)
  expect(second.stderr).toContain('shown once')

  const listing = await run('token', 'list', '--json')
  expect(listing.stdout).not.toContain(made.token.slice(3))
  const listed = document<Listed[]>(listing)
  expect(listed.map(({ name, role, revoked_at: revoked }) => [name, role, revoked])).toEqual([
    ['ci', 'operator', null],
    ['ci', 'operator', null],
  ])
  expect((await run('token', 'list')).stdout).toMatch(/ci +operator +valid/)

  expect((await run('token', 'revoke', made.id)).stdout).toBe(`revoked: token ${made.id}, ci, operator\n`)
  expect(document<{ revoked: unknown[] }>(await run('token', 'revoke', 'ci', '--json')).revoked).toHaveLength(1)
  expect(failure(await run('token', 'revoke', 'ci', '--json'))).toMatchObject({
    code: 'NOT_FOUND',
    message: expect.stringContaining('qicore token list'),
  })

  const audit = document<{ tool: string; outcome: string; arguments: unknown; face: string }[]>(
    await run('audit', '--limit', '5', '--json'),
  )
  expect(audit.map(({ tool, outcome, face }) => [tool, outcome, face])).toEqual([
    ['qicore token revoke', 'failed', 'cli'],
    ['qicore token revoke', 'done', 'cli'],
    ['qicore token revoke', 'done', 'cli'],
    ['qicore token create', 'done', 'cli'],
    ['qicore token create', 'done', 'cli'],
  ])
  expect(JSON.stringify(audit)).not.toContain(made.token.slice(3))
  expect((await run('audit', '--outcome', 'failed')).stdout).toContain('NOT_FOUND')
})

it('an ambiguous name is refused', async () => {
  for (const name of ['loopback', '7', 'two words'])
    expect(failure(await run('token', 'create', name, '--json'))).toMatchObject({
      code: 'BAD_REQUEST',
      message: expect.stringContaining(name),
    })
})

it('a tool call on the command line leaves a line in the audit log', async () => {
  expect((await run('tool', 'manage_topics', 'action=create', 'topic=of-mine')).code).toBe(0)
  const [line] = document<{ tool: string }[]>(await run('audit', '--tool', 'manage_topics', '--json'))
  expect(line).toMatchObject({
    tool: 'manage_topics',
    face: 'cli',
    effect: 'write',
    outcome: 'done',
    role: 'admin',
    arguments: { topic: 'of-mine' },
  })
})
