import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'

/** Licences that ask for nothing but their text, which each package brings. */
const ACCEPTED = new Set([
  ...['MIT', 'ISC', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', '0BSD', 'BlueOak-1.0.0', 'PostgreSQL', 'Unlicense'],
  ...['(AFL-2.1 OR BSD-3-Clause)', '(MIT OR CC0-1.0)'],
])

interface Locked {
  readonly dev?: boolean
  readonly license?: string
}

test('what the package installs has a licence that lets anybody use it', async () => {
  const lock = JSON.parse(await readFile(resolve(import.meta.dirname, '../../package-lock.json'), 'utf8')) as {
    packages: Readonly<Record<string, Locked>>
  }
  const shipped = Object.entries(lock.packages).filter(([path, { dev }]) => path !== '' && !dev)
  expect(shipped.length).toBeGreaterThan(50)
  expect(
    shipped.filter(([, { license }]) => !ACCEPTED.has(license ?? 'none')).map(([path, { license }]) => `${path}: ${license}`),
  ).toEqual([])
})
