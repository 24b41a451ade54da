import { execFile } from 'node:child_process'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { MAIN, up } from '../app/cli/qicore.ts'
import { testDatabase } from '../support/database.ts'

const bash = promisify(execFile)
const { url } = await testDatabase()

/** Blocks run one after another in one shell, as a reader types them; after each the lines that the page shows are expected. */
test('docs/http-writes.md runs as it is written', async () => {
  const page = await readFile(resolve(import.meta.dirname, '../../docs/http-writes.md'), 'utf8')
  const cwd = await mkdtemp(join(tmpdir(), 'qicore-http-writes-'))
  await chmod(cwd, 0o755)
  const env = { DATABASE_URL: url, QICORE_SOURCES: 'none' }
  const platform = await up({ cwd, env })
  try {
    const bin = join(cwd, 'bin')
    const shim = `#!/bin/sh\nexec '${process.execPath}' '${MAIN}' "$@"\n`
    await bash('mkdir', [bin])
    await writeFile(join(bin, 'qicore'), shim, { mode: 0o755 })
    const blocks = [...page.matchAll(/^```(sh|text)\n([\s\S]*?)^```$/gm)].map(([, kind, text = '']) => ({ kind, text }))
    expect(blocks.filter(({ kind }) => kind === 'sh').length).toBeGreaterThan(5)
    const script = blocks
      .filter(({ kind }) => kind === 'sh')
      .map(({ text }, at) => `exec >'out-${at}' 2>&1\n${text.replaceAll('http://127.0.0.1:8787', platform.url)}`)
      .join('\n')
    await bash('bash', ['-euo', 'pipefail', '-c', script], {
      cwd,
      env: { ...process.env, ...env, PATH: `${bin}:${process.env.PATH}` },
    })
    let ran = -1
    for (const { kind, text } of blocks)
      if (kind === 'sh') ran++
      else {
        const output = await readFile(join(cwd, `out-${ran}`), 'utf8')
        for (const line of text.trim().split('\n')) expect(output).toContain(line)
      }
    expect(await readFile(join(cwd, 'out-0'), 'utf8')).toContain('"allowed":"all"')
  } finally {
    await platform.stop()
    await rm(cwd, { recursive: true, force: true })
  }
})
