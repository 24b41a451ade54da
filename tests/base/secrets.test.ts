import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import {
  maskUrl,
  maskValue,
  passwordProblem,
  passwordsIn,
  protectSecrets,
  QiError,
  resolveConfig,
  withoutSecrets,
} from '../../lib/src/base/types/index.ts'

/** Passwords have capitals, which nothing else here has, so any visible part of one is found. */
const secret = fc
  .array(fc.constantFrom(...'ABCDEFGHJKLMNPQRSTUVWXYZ', ...'@:/?#%&,;=+ "\'\\$[]{}|<>!', '://', '%40', '&x=', '?KEY=', ',H://'), {
    minLength: 4,
    maxLength: 24,
  })
  .map((parts) => parts.join(''))

/** Expects that no four characters of the password, one of them a letter, are visible. */
function expectHidden(shown: string, password: string): void {
  for (let i = 0; i + 4 <= password.length; i++) {
    const part = password.slice(i, i + 4)
    if (/[A-Z]/.test(part)) expect(shown).not.toContain(part)
  }
}

const places: readonly ((password: string) => string)[] = [
  (password) => `postgres://app:${password}@db.example:5432/market`,
  (password) => `postgres://app:${password}@db.example:5432/market?sslmode=require`,
  (password) => `postgres://db.example:5432/market?sslmode=require&sslpassword=${password}`,
  (password) => `postgres://app:x@db.example/market?password=${password}`,
  (password) => `https://${password}@registry.example/subjects`,
  (password) => `https://me:${password}@registry.example:8081`,
  (password) => `https://api.example/v3?x_cg_pro_api_key=${password}`,
  (password) => `https://one.example,https://me:${password}@two.example`,
  (password) => `me:${password}@broker:9092`,
]

describe('an address is shown without its password, for any password', () => {
  test.each(places.map((place) => [place('***'), place] as const))('%s', (_, place) => {
    fc.assert(
      fc.property(secret, (password) => {
        const address = place(password)
        expectHidden(maskUrl(address), password)
        expectHidden(JSON.stringify(maskValue(address.split(','))), password)
        expectHidden(JSON.stringify(maskValue({ urls: [address] })), password)
      }),
      { numRuns: 2_000 },
    )
  })

  test('also in the error about a wrong setting, and if commas split it', () => {
    const schema = z.object({
      api: z.array(z.string().regex(/^never$/)).meta({ env: 'QICORE_API' }),
      broker: z
        .string()
        .regex(/^never$/)
        .meta({ env: 'QICORE_BROKER' }),
    })
    fc.assert(
      fc.property(secret, (password) => {
        for (const place of places.slice(0, 7)) {
          try {
            resolveConfig(schema, { env: { QICORE_API: place(password), QICORE_BROKER: place(password) } })
          } catch (error) {
            expectHidden((error as Error).message, password)
          }
        }
      }),
    )
  })
})

test.each([
  ['postgres://app:p@ss/w%rd@127.0.0.1:47432/x', 'postgres://app:***@127.0.0.1:47432/x'],
  ['postgres://me:hunter2@db.example:5432/market', 'postgres://me:***@db.example:5432/market'],
  ['postgres://me@db.example/market?sslmode=require', 'postgres://me@db.example/market?sslmode=require'],
  ['postgres://db/market?sslmode=require&sslpassword=x&user=y', 'postgres://db/market?sslmode=require&sslpassword=***'],
  ['http://127.0.0.1:8081', 'http://127.0.0.1:8081'],
  ['https://me:x@host/v1', 'https://***@host/v1'],
  ['https://token@host/v1', 'https://***@host/v1'],
  ['127.0.0.1', '127.0.0.1'],
  ['localhost:9092', 'localhost:9092'],
  ['12:00 @ noon', '12:***@ noon'],
])('%s is shown as %s', (address, shown) => {
  expect(maskUrl(address)).toBe(shown)
})

test.each([
  ['postgres://app:p@ss/w%rd@127.0.0.1:47432/x', /%40 for @, %2F for \//],
  ['postgres://app:p?ss@127.0.0.1/x', /%3F for \?/],
  ['postgres://app:p%rd@127.0.0.1/x', /% is not followed/],
  ['postgres://app:p@ss@127.0.0.1/x', undefined],
  ['postgres://app:p%40ss%2Fw%25rd@127.0.0.1/x?sslmode=require', undefined],
  ['postgres://127.0.0.1/x', undefined],
])('%s: %s', (address, problem) => {
  if (problem) expect(passwordProblem(address)).toMatch(problem)
  else expect(passwordProblem(address)).toBeUndefined()
})

test('a secret that a server quotes is hidden in errors and logs, encoded or decoded', () => {
  fc.assert(
    fc.property(secret, (password) => {
      const address = `postgres://app:${encodeURIComponent(password)}@db.example/market`
      protectSecrets(passwordsIn(address))
      for (const said of [password, encodeURIComponent(password), JSON.stringify({ password })]) {
        expectHidden(withoutSecrets(`the server said ${said}`), password)
        expectHidden(new QiError('UNAVAILABLE', `the server said ${said}`).message, password)
      }
    }),
    { numRuns: 200 },
  )
})

test('ordinary words of messages stay', () => {
  protectSecrets(['postgres', 'abc', undefined])
  expect(withoutSecrets('password authentication failed for user "postgres"; abc')).toBe(
    'password authentication failed for user "postgres"; abc',
  )
})
