import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, test } from 'vitest'
import { freshEnvironment, runsSlow } from '../support/slow.ts'
import { until } from '../support/until.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const run = promisify(execFile)

describe.runIf(runsSlow)('the packed package, installed elsewhere', () => {
  let project: string
  let files: readonly string[]
  /** That Node 24 or newer is there is the user's part. */
  const env = { ...freshEnvironment(), PATH: `${dirname(process.execPath)}:${freshEnvironment().PATH}` }

  beforeAll(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'qicore-pack-'))
    const packed = await run('npm', ['pack', '--json', '--pack-destination', folder], { cwd: ROOT, env })
    const start = packed.stdout.indexOf('[\n')
    const [tarball] = JSON.parse(packed.stdout.slice(start)) as [{ filename: string; files: { path: string }[] }]
    files = tarball.files.map(({ path }) => path)
    project = join(folder, 'project')
    await mkdir(project)
    await writeFile(join(project, 'package.json'), '{ "type": "module", "private": true }')
    await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', join(folder, tarball.filename)], {
      cwd: project,
      env,
    })
  })

  test('holds what is needed to run, and nothing else', () => {
    expect(files).toEqual(
      expect.arrayContaining(['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md', 'bin/qicore.js', 'dist/lib/src/index.js']),
    )
    expect(
      files.filter(
        (file) =>
          !/^(dist\/(lib\/src|app)|bin)\/|^(package\.json|README\.md|LICENSE|CHANGELOG\.md|deploy\/docker-compose\.yml)$/.test(
            file,
          ),
      ),
    ).toEqual([])
    expect(files.filter((file) => /\.ts$/.test(file) && !/\.d\.ts$/.test(file))).toEqual([])
  })

  test('its command runs', async () => {
    const { stdout } = await run('npx', ['qicore', '--help'], { cwd: project, env })
    expect(stdout).toContain('Usage: qicore')
  })

  test('its platform runs, and stores what it acquires', async () => {
    const qicore = join(project, 'node_modules/.bin/qicore')
    const settings = { ...env, QICORE_SOURCES: 'simulated' }
    const platform = spawn(qicore, ['up', '--port', '0', '--json'], {
      cwd: project,
      env: settings,
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    const ended = once(platform, 'exit')
    try {
      const { items } = await until(async () => {
        const { stdout } = await run(qicore, ['query', 'latest', 'bitcoin', '--json'], { cwd: project, env: settings })
        return JSON.parse(stdout) as { items: { origin: string }[] }
      }, 'a price of bitcoin')
      expect(items).toMatchObject([{ origin: 'simulated' }])
    } finally {
      platform.kill('SIGTERM')
    }
    expect(await ended).toEqual([0, null])
  })

  test('its entry points import, with types', async () => {
    const names = ['qicore', 'qicore/base', 'qicore/streaming', 'qicore/publishers', 'qicore/consumers', 'qicore/platform']
    const lines = names.map((name, i) => `import * as entry${i} from '${name}'`)
    const uses = names.map((_, i) => `if (Object.keys(entry${i}).length === 0) throw new Error('${names[i]} is empty')`)
    // A declaration that is only there as `any` would let this misuse pass.
    const misuse = "// @ts-expect-error a price's topic is a string\nexport const topic: number = entry1.price.topic"
    await writeFile(join(project, 'use.ts'), [...lines, ...uses, misuse, ''].join('\n'))
    const options = { target: 'es2024', module: 'nodenext', strict: true, noEmit: true, skipLibCheck: true, types: [] }
    await writeFile(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, files: ['use.ts'] }))
    await run(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc')], { cwd: project })
    await run(process.execPath, [join(project, 'use.ts')], { cwd: project, env })
  })
})
