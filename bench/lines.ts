import { open, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

const NEWLINE = 10
const PIECE = 4 * 1024 * 1024

/** Counts the lines of a file that grows: each call reads what came since the last. 0 while there is no file. */
export function linesOf(path: string): () => Promise<number> {
  const buffer = Buffer.allocUnsafeSlow(PIECE)
  let [at, lines] = [0, 0]
  return async () => {
    const file = await open(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error
      return undefined
    })
    if (!file) return 0
    try {
      for (;;) {
        const { bytesRead } = await file.read(buffer, 0, PIECE, at)
        if (bytesRead === 0) return lines
        at += bytesRead
        for (let end = buffer.indexOf(NEWLINE); end >= 0 && end < bytesRead; end = buffer.indexOf(NEWLINE, end + 1)) lines++
      }
    } finally {
      await file.close()
    }
  }
}

/** Counts the lines of all files below a folder. Files are there whole or not at all, so each is read once. */
export function linesIn(folder: string): () => Promise<number> {
  const counted = new Map<string, number>()
  return async () => {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error
      return []
    })
    for (const entry of entries) {
      const path = join(entry.parentPath, entry.name)
      if (entry.isFile() && !counted.has(path)) counted.set(path, linesOfText(await readFile(path)))
    }
    return [...counted.values()].reduce((sum, lines) => sum + lines, 0)
  }
}

/** The last line may have no end. */
function linesOfText(bytes: Buffer): number {
  let lines = bytes.length > 0 && bytes.at(-1) !== NEWLINE ? 1 : 0
  for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, end + 1)) lines++
  return lines
}
