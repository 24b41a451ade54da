import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { FolderArchive } from '../../lib/src/consumers/sinks/file/FolderArchive.ts'
import { suiteFolder } from '../support/temporary.ts'

const root = await suiteFolder('folder-archive')

test('processes that link the file of one claim at once all succeed: it is there once, and nothing is left behind', async () => {
  const archive = new FolderArchive({ root, extension: 'ndjson', destination: 'lake', pipeline: 'lake' })
  const partition = { topic: 'crypto-prices', partition: 3 }
  const folder = 'price/date=2026-01-01'
  await mkdir(join(root, 'scratch'))
  for (let first = 0n; first < 200n; first += 10n) {
    const path = join(root, 'scratch', `${first}.ndjson`)
    await writeFile(path, '{}\n')
    const kept = archive.keep({ ...partition, folder, first, last: first + 9n, rows: 10, path })
    let over = false
    const heirs = Array.from({ length: 6 }, async () => {
      while (!over) await archive.reach(folder, partition)
    })
    expect(await kept.finally(() => (over = true))).toBe(first + 9n)
    await Promise.all(heirs)
  }
  expect(await readdir(join(root, folder))).toHaveLength(20)
  const ledger = await readdir(join(root, '_qicore', folder))
  expect(ledger.filter((name) => name.includes('pending'))).toEqual([])
})
