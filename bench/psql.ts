import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import type { Price } from '../lib/src/base/index.ts'
import { COLUMNS, copyLine, prices } from './prices.ts'
import { TABLE } from './table.ts'

/** Writes the records as COPY text, split in as many files as there will be connections; their paths. */
export async function writeCopyFiles(
  folder: string,
  records: number,
  connections: number,
  version: { readonly name: string; readonly of: (price: Price) => Price } = { name: 'prices', of: (price) => price },
): Promise<string[]> {
  const paths = Array.from({ length: connections }, (_, i) => join(folder, `${version.name}-${connections}-${i}.tsv`))
  const files = paths.map((path) => createWriteStream(path))
  let i = 0
  for (const price of prices(records)) {
    const file = files[i++ % connections]
    if (file && !file.write(copyLine(version.of(price)))) await once(file, 'drain')
  }
  for (const file of files) {
    file.end()
    await once(file, 'finish')
  }
  return paths
}

/** psql's own `\copy`, one process a file, all at once; process start counted. Milliseconds. */
export async function psqlCopy(url: string, paths: readonly string[]): Promise<number> {
  const started = performance.now()
  await Promise.all(
    paths.map(async (path) => {
      const child = spawn('psql', [url, '-qX', '-v', 'ON_ERROR_STOP=1', '-c', `\\copy ${TABLE} (${COLUMNS}) from '${path}'`], {
        stdio: ['ignore', 'ignore', 'inherit'],
      })
      const [code] = (await once(child, 'exit')) as [number | null]
      if (code !== 0) throw new Error(`psql ended with code ${code}`)
    }),
  )
  return performance.now() - started
}
