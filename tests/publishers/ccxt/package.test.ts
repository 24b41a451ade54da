import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { optionalPackageFolder } from '../../../lib/src/base/types/index.ts'
import { loadExchange } from '../../../lib/src/publishers/sources/ccxt/library.ts'
import { describeWith } from '../../support/services.ts'

const ROOT = resolve(import.meta.dirname, '../../..')
const read = async (file: string) => JSON.parse(await readFile(join(ROOT, file), 'utf8'))

test('ccxt is optional for users, one version for tests, and its install script does not run', async () => {
  const { peerDependencies, peerDependenciesMeta, devDependencies, allowScripts } = await read('package.json')
  const { packages } = await read('package-lock.json')
  const { version, hasInstallScript } = packages['node_modules/ccxt']
  expect(devDependencies.ccxt).toBe(version)
  expect(peerDependencies.ccxt).toBe(`^${version}`)
  expect(peerDependenciesMeta.ccxt).toEqual({ optional: true })
  // It calls a web address; npm runs no script that is not allowed.
  expect(hasInstallScript).toBe(true)
  expect(Object.keys(allowScripts)).not.toContain('ccxt')
  expect(Object.keys(allowScripts)).not.toContain('bufferutil')
})

test('a missing package says how to install it', () => {
  const wanted = { name: 'no-such-ccxt', major: 4, neededBy: 'source mexc (type "ccxt")', field: 'sources.mexc.exchange' }
  expect(() => optionalPackageFolder(wanted)).toThrow(
    'source mexc (type "ccxt") needs the package no-such-ccxt, which is not installed: npm install no-such-ccxt@4',
  )
})

describeWith('ccxt', 'the package ccxt', () => {
  test('has a module for each exchange where it is looked for', async () => {
    const folder = optionalPackageFolder({ name: 'ccxt', neededBy: 'a test', field: 'x' })
    expect(existsSync(join(folder, 'js/src/mexc.js'))).toBe(true)
    expect(await loadExchange('mexc', 'mexc')).toMatchObject({ id: 'mexc', has: { fetchOHLCV: true } })
  })

  test('has every part of an exchange that is replaced', async () => {
    const exchange = await loadExchange('mexc', 'mexc')
    const replaced = ['number', 'parseJson', 'parseNumber', 'safeTicker', 'createCcxtTradeId', 'throttle'] as const
    expect(replaced.filter((name) => typeof exchange[name] !== 'function')).toEqual([])
    expect('fetchImplementation' in exchange).toBe(true)
  })
})
