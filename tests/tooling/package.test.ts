import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises'
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
          !/^(dist\/(lib\/src|app|entry)|bin|docs|examples)\/|^(package\.json|(README|CHANGELOG|CONTRIBUTING|SECURITY)\.md|LICENSE|deploy\/docker-compose\.yml)$/.test(
            file,
          ),
      ),
    ).toEqual([])
    expect(files.filter((file) => /\.ts$/.test(file) && !/\.d\.ts$|^examples\//.test(file))).toEqual([])
  })

  test('the links of its pages lead to files that are packed', async () => {
    const broken: string[] = []
    for (const page of files.filter((file) => file.endsWith('.md'))) {
      const text = await readFile(join(project, 'node_modules/qicore', page), 'utf8')
      const prose = text.replaceAll(/^( *)```[\s\S]*?^\1```$/gm, '').replaceAll(/`[^`\n]*`/g, '')
      for (const [, link = ''] of prose.matchAll(/\]\(([^)\s#]+)[^)]*\)/g)) {
        const target = join(dirname(page), link)
        if (!/^(https?|mailto):/.test(link) && !files.some((file) => file === target || file.startsWith(`${target}/`)))
          broken.push(`${page}: ${link}`)
      }
    }
    expect(broken).toEqual([])
  })

  test('its examples run', async () => {
    // Node strips no types below node_modules: a user copies an example.
    await copyFile(join(project, 'node_modules/qicore/examples/own-records.ts'), join(project, 'own-records.ts'))
    const { stdout } = await run(process.execPath, ['own-records.ts'], { cwd: project, env })
    expect(stdout).toContain('my-dust: 0.000000000000000000056 usd')
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

  test('requires as it imports', async () => {
    const program =
      "const { decimal } = require('qicore/types'); import('qicore/types').then((m) => console.log(m.decimal === decimal))"
    const { stdout } = await run(process.execPath, ['-e', program], { cwd: project, env })
    expect(stdout).toBe('true\n')
  })

  test('an old Node gets one clear sentence, from the command and from the library', async () => {
    const old = freshEnvironment()
    const { stdout: version } = await run('node', ['--version'], { cwd: project, env: old })
    if (Number.parseInt(version.slice(1), 10) >= 24) return
    const sentence = `qicore: this is Node ${version.trim()}, and Node 24.6 or newer is needed`
    await expect(run('node', ['node_modules/qicore/bin/qicore.js', 'status'], { cwd: project, env: old })).rejects.toThrow(
      sentence,
    )
    await expect(
      run('node', ['--input-type=module', '-e', "import 'qicore/database'"], { cwd: project, env: old }),
    ).rejects.toThrow(sentence)
  })

  test('its entry points import, with types', async () => {
    const { exports } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { exports: object }
    const entries = Object.keys(exports).filter((entry) => entry !== './package.json')
    const names = entries.map((entry) => entry.replace('.', 'qicore'))
    const lines = names.map((name, i) => `import * as entry${i} from '${name}'`)
    const uses = names.map((_, i) => `if (Object.keys(entry${i}).length === 0) throw new Error('${names[i]} is empty')`)
    // A declaration that is only there as `any` would let this misuse pass.
    const misuse = "// @ts-expect-error a price's topic is a string\nexport const topic: number = entry1.price.topic"
    await writeFile(join(project, 'use.ts'), [...lines, ...uses, misuse, ''].join('\n'))
    await writeFile(
      join(project, 'types.ts'),
      [...lines.filter((line) => !line.includes('qicore/drizzle')), misuse, ''].join('\n'),
    )
    for (const resolution of [{ module: 'nodenext' }, { module: 'esnext', moduleResolution: 'bundler' }]) {
      // Drizzle's own declarations have errors; only its entry point shows them.
      for (const [file, skipLibCheck] of [
        ['types.ts', false],
        ['use.ts', true],
      ] as const) {
        const options = { target: 'es2024', ...resolution, strict: true, noEmit: true, skipLibCheck, types: ['node'] }
        await writeFile(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, files: [file] }))
        await run(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc')], { cwd: project, maxBuffer: 1e8 })
      }
    }
    await run(process.execPath, [join(project, 'use.ts')], { cwd: project, env })
  })
})
