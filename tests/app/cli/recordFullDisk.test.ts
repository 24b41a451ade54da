import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { FrameFile } from '../../../app/cli/record/FrameFile.ts'
import { withDisk } from '../../support/fullDisk.ts'
import { describeWith } from '../../support/services.ts'
import { suiteFolder } from '../../support/temporary.ts'

const folder = await suiteFolder('record-full-disk')

describeWith('tmpfs', 'a recording of raw messages', () => {
  test('on a disk that is full ends with an error; the file is whole up to its last block', async () => {
    await withDisk(folder, '600k', async (root) => {
      const path = join(root, 'frames.ndjson.gz')
      const file = await FrameFile.create({ path, mostBytes: 1e9, cutKeys: (text) => text })
      const texts: string[] = []
      while (!file.full.aborted) {
        // Texts that gzip cannot pack.
        const text = randomBytes(20_000).toString('base64')
        texts.push(text)
        file.add({ source: 'binance', direction: 'received', text, at: 1_770_000_000_000_000 })
        await file.room()
        await new Promise(setImmediate)
      }
      const message = await file.close().then(
        () => 'no error',
        (error: Error) => error.message,
      )
      const [, count] =
        /ENOSPC.*; its first (\d+) messages are whole: free space on its disk, and record again$/.exec(message) ?? []
      const lines = gunzipSync(await readFile(path))
        .toString()
        .trimEnd()
        .split('\n')
      expect(lines.map((line) => (JSON.parse(line) as { text: string }).text)).toEqual(texts.slice(0, Number(count)))
      expect(lines.length).toBeGreaterThan(10)
    })
  })
})
