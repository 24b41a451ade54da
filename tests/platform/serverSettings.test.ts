import { expect, test } from 'vitest'
import { loadConfig } from '../../lib/src/streaming/platform/index.ts'
import { temporary } from '../support/temporary.ts'

test.each([
  ['blanks', ' '.repeat(16)],
  ['a blank within', 'a-token of-enough-length'],
  ['a line break', 'a-token\nof-enough-length'],
  ['letters beyond ASCII', 'ein-schlüssel-der-lang-genug-ist'],
  ['a control character', 'a-token\u0007of-enough-length'],
])('a token of %s is refused: no HTTP client can send it', async (_, token) => {
  const cwd = await temporary('token')
  expect(() => loadConfig({ cwd, env: { QICORE_TOKEN: token } })).toThrow(/server\.token \(secret\).*no HTTP client can send/)
})

test('a token that clients can send is accepted', async () => {
  const token = 'Az09-._~+/=!#$%&'
  expect(loadConfig({ cwd: await temporary('token'), env: { QICORE_TOKEN: token } }).config.server.token).toBe(token)
})
