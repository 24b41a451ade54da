import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import * as types from '../../lib/src/base/types/index.ts'

const LIB = fileURLToPath(new URL('../../lib/src', import.meta.url))

test('every diagnostics channel of the library is declared, and every declared one is published on', () => {
  const used = globSync('**/*.ts', { cwd: LIB }).flatMap((file) =>
    [...readFileSync(`${LIB}/${file}`, 'utf8').matchAll(/(?<=[ =(])channel\(([^)]+)\)/g)].map(([, name = '']) => name),
  )
  const named = used.map((name) => (types as Readonly<Record<string, unknown>>)[name] ?? name)
  expect(named.toSorted()).toEqual(types.DIAGNOSTICS_CHANNELS.map(({ name }) => name).toSorted())
})
