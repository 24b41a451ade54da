import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import type { Price } from '../lib/src/base/types/index.ts'
import { prices } from './prices.ts'
import { byName, type CopyTarget } from './table.ts'

export interface CopyFiles {
  readonly target: CopyTarget
  readonly paths: readonly string[]
}

/** Writes the records as COPY text, split in as many files as there will be connections. */
export async function writeCopyFiles(
  folder: string,
  records: number,
  connections: number,
  target: CopyTarget = byName,
  version: { readonly name: string; readonly of: (price: Price) => Price } = { name: 'prices', of: (price) => price },
): Promise<CopyFiles> {
  const name = `${version.name}-${target.name}-${connections}`
  const paths = Array.from({ length: connections }, (_, i) => join(folder, `${name}-${i}.tsv`))
  const files = paths.map((path) => createWriteStream(path))
  let i = 0
  for (const price of prices(records)) {
    const file = files[i++ % connections]
    if (file && !file.write(target.line(version.of(price)))) await once(file, 'drain')
  }
  for (const file of files) {
    file.end()
    await once(file, 'finish')
  }
  return { target, paths }
}

/** psql's own `\copy`, one process a file, all at once; process start counted. Milliseconds. */
export async function psqlCopy(
  url: string,
  {
    target: { table, columns },
    paths,
  }: { readonly target: Pick<CopyTarget, 'table' | 'columns'>; readonly paths: readonly string[] },
): Promise<number> {
  const started = performance.now()
  await Promise.all(
    paths.map(async (path) => {
      const child = spawn('psql', [url, '-qX', '-v', 'ON_ERROR_STOP=1', '-c', `\\copy ${table} (${columns}) from '${path}'`], {
        stdio: ['ignore', 'ignore', 'inherit'],
      })
      const [code] = (await once(child, 'exit')) as [number | null]
      if (code !== 0) throw new Error(`psql ended with code ${code}`)
    }),
  )
  return performance.now() - started
}
