import { afterAll, beforeAll, expect, test } from 'vitest'
import { tokenOf } from '../../mcp-tools/agreeing.ts'
import { makeProject, type Project } from './project.ts'
import { document, qicore } from './qicore.ts'

let project: Project
beforeAll(async () => {
  project = await makeProject('tool')
})
afterAll(() => project[Symbol.asyncDispose]())

const tool = (...args: readonly string[]) => qicore(['tool', ...args], { cwd: project.cwd, env: { QICORE_SOURCES: 'none' } })
const topics = async () => {
  const { topics: found } = document<{ topics: { topic: string }[] }>(await tool('manage_topics', 'limit=100', '--json'))
  return found.map(({ topic }) => topic)
}

test('without a terminal a destroying call needs --yes, or the token of the refusal', async () => {
  for (const topic of ['one', 'two']) expect((await tool('manage_topics', 'action=create', `topic=${topic}`)).code).toBe(0)
  const plain = await tool('manage_topics', 'action=delete', 'topic=one', 'confirm=true')
  expect(plain.code).not.toBe(0)
  expect(plain.stderr).toMatch(
    /this destroys something; nothing was done\. Ask the user "Delete the topic one with all its messages\?"/,
  )
  expect(await topics()).toEqual(expect.arrayContaining(['one', 'two']))
  const done = await tool('manage_topics', 'action=delete', 'topic=one', `confirm=${tokenOf(plain.stderr)}`)
  expect(done.stdout).toMatch(/^deleted one/)
  expect((await tool('manage_topics', 'action=delete', 'topic=two', '--yes')).stdout).toMatch(/^deleted two/)
  const left = await topics()
  expect(left).not.toContain('one')
  expect(left).not.toContain('two')
})

test('records can be inserted without a platform, through the stream into the store', async () => {
  const record = { coin_id: 'mine', currency: 'usd', time: '2026-01-31T12:00:00Z', price: '1.50' }
  const stored = await tool('store_crypto_prices', `records=${JSON.stringify([record])}`)
  expect(stored.stdout).toBe('1 of 1 record of the type price are stored, as source manual\n')
  const { code, stdout } = await qicore(['query', 'latest'], { cwd: project.cwd })
  expect(code).toBe(0)
  expect(stdout).toMatch(/mine .*1\.5 .*manual .*MANUAL/)
  const tail = await qicore(['tail', 'price', '--from', 'earliest', '--until-end'], { cwd: project.cwd })
  expect(tail.stdout).toMatch(/price {2}mine {2}manual {2}MANUAL {2}currency=usd price=1\.5/)
})
