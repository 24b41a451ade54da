import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** The files of a folder of segments that a reader sees, in the order of their names. */
export async function segmentFiles(root: string): Promise<string[]> {
  const all = await readdir(root, { recursive: true, withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  return all
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.slice(root.length).includes('_qicore'))
    .sort()
}

/** Every record in the lines of a folder of segments. */
export async function recordsIn(root: string): Promise<Record<string, unknown>[]> {
  const texts = await Promise.all((await segmentFiles(root)).map((path) => readFile(path, 'utf8')))
  return texts.flatMap((text) => text.trimEnd().split('\n')).map((line) => JSON.parse(line) as Record<string, unknown>)
}
