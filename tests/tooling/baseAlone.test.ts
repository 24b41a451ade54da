import { execFile } from 'node:child_process'
import { globSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readFile, symlink, writeFile } from 'node:fs/promises'
import { builtinModules } from 'node:module'
import { tmpdir } from 'node:os'
import { extname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, test } from 'vitest'
import { testDatabase } from '../support/database.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const LAYERS = ['types', 'networking', 'database', 'segments', 'alerts', 'agent']
const run = promisify(execFile)
const { url } = await testDatabase()

/** The packages that the sources of a folder import. */
async function packagesOf(folder: string): Promise<readonly string[]> {
  const found = new Set<string>()
  for (const file of globSync('**/*.ts', { cwd: folder }))
    for (const [, name = ''] of (await readFile(join(folder, file), 'utf8')).matchAll(
      /(?:from |import\()'((?:@[\w-]+\/)?[a-z][^']*)'/g,
    ))
      found.add(name.startsWith('@') ? name.split('/').slice(0, 2).join('/') : (name.split('/')[0] as string))
  return [...found].filter((name) => !name.startsWith('node:') && !builtinModules.includes(name))
}

/** `base` is the charter's qidb: a package of its own, with nothing else of ours. */
describe('base alone', () => {
  let project: string

  beforeAll(async () => {
    const around = await mkdtemp(join(tmpdir(), 'qidb-'))
    await symlink(join(ROOT, 'node_modules'), join(around, 'node_modules'))
    const own = join(around, 'qidb')
    await cp(join(ROOT, 'lib/src/base'), join(own, 'src'), { recursive: true })

    const ours = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as Record<string, Record<string, string>>
    const { dependencies = {}, peerDependencies = {} } = ours
    const used = await packagesOf(join(own, 'src'))
    expect(used.filter((name) => !(name in dependencies) && !(name in peerDependencies))).toEqual([])
    await writeFile(
      join(own, 'package.json'),
      JSON.stringify({
        name: 'qidb',
        version: '0.0.0',
        type: 'module',
        files: ['dist'],
        exports: Object.fromEntries(
          LAYERS.map((layer) => [`./${layer}`, { types: `./dist/${layer}/index.d.ts`, default: `./dist/${layer}/index.js` }]),
        ),
        dependencies: Object.fromEntries(used.filter((name) => name in dependencies).map((name) => [name, dependencies[name]])),
      }),
    )
    const compilerOptions = { noEmit: false, declaration: true, rootDir: 'src', outDir: 'dist', customConditions: [] }
    const config = { extends: join(ROOT, 'tsconfig.json'), compilerOptions, include: ['src'] }
    await writeFile(join(own, 'tsconfig.json'), JSON.stringify(config))
    await run(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', own], { cwd: own })
    await cp(join(own, 'src'), join(own, 'dist'), { recursive: true, filter: (path) => extname(path) !== '.ts' })

    const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', around], { cwd: own })
    const [{ filename }] = JSON.parse(stdout.slice(stdout.indexOf('['))) as [{ filename: string }]
    project = join(around, 'project')
    await mkdir(join(project, 'node_modules/qidb'), { recursive: true })
    await run('tar', ['-xzf', join(around, filename), '-C', join(project, 'node_modules/qidb'), '--strip-components=1'])
  })

  test('stores a price, and reads it', async () => {
    await writeFile(
      join(project, 'use.mjs'),
      `import { openStore } from 'qidb/database'
import { decimal, nowMicros } from 'qidb/types'

await using store = await openStore({ databaseUrl: process.env.DATABASE_URL, home: '.qidb' })
const time = nowMicros()
await store.dsl.storePrices([
  { coinId: 'gold', source: 'desk', currency: 'usd', time, receivedAt: time, origin: 'live', price: decimal('2650.123456789012345678901') },
])
const { items } = await store.dsl.getLatestPrices({ coins: ['gold'] })
console.log(items[0].price)
`,
    )
    const { stdout } = await run(process.execPath, ['use.mjs'], { cwd: project, env: { ...process.env, DATABASE_URL: url } })
    expect(stdout).toBe('2650.123456789012345678901\n')
  })

  test('every entry point loads', async () => {
    const lines = LAYERS.map(
      (layer) => `if (Object.keys(await import('qidb/${layer}')).length === 0) throw new Error('${layer}')`,
    )
    await writeFile(join(project, 'entries.mjs'), lines.join('\n'))
    await run(process.execPath, ['entries.mjs'], { cwd: project })
  })
})
