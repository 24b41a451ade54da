import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const ROOT = resolve(import.meta.dirname, '../..')

test('no file holds the marks of a merge that was not finished', async () => {
  const { stdout } = await promisify(execFile)('git', ['ls-files', '-z', '*.md', '*.ts', '*.json', '*.yaml', '*.sh', '*.mjs'], {
    cwd: ROOT,
    maxBuffer: 1 << 24,
  })
  const files = stdout.split('\0').filter(Boolean)
  expect(files.length).toBeGreaterThan(500)
  const marked = await Promise.all(
    files.map(async (file) => (/^(<{7}|>{7}) /m.test(await readFile(join(ROOT, file), 'utf8').catch(() => '')) ? [file] : [])),
  )
  expect(marked.flat()).toEqual([])
})
