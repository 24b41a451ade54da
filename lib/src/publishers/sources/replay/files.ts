import { readdir, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { errorMessage, QiError } from '../../../base/types/index.ts'
import type { ReplayConfig } from './config.ts'

export interface ReplayFile {
  readonly path: string
  /** File name without folders. */
  readonly name: string
  readonly bytes: number
}

const KNOWN = /\.(csv|ndjson|jsonl)(\.gz)?$/i

/**
 * The files to replay, in name order; of a folder only those with a known ending.
 * @throws QiError CONFIG_INVALID naming the setting
 */
export async function findFiles({ path }: ReplayConfig): Promise<readonly ReplayFile[]> {
  const invalid = (message: string, cause?: unknown) => new QiError('CONFIG_INVALID', `path ${message}`, { field: 'path', cause })
  if (path === undefined) throw invalid('is missing: set it to the file or folder to replay')
  const found = await stat(path).catch((error: unknown) => {
    throw invalid(`"${path}" cannot be read: ${(error as Error).message}`, error)
  })
  if (found.isFile()) return [{ path, name: basename(path), bytes: found.size }]
  if (!found.isDirectory()) throw invalid(`"${path}" is neither a file nor a folder: write its content into a file`)
  const names = (await readdir(path)).filter((name) => KNOWN.test(name)).sort()
  const files = await Promise.all(
    names.map(async (name) => {
      const at = join(path, name)
      const { size, isFile } = await statOf(at, invalid)
      return isFile ? [{ path: at, name, bytes: size }] : []
    }),
  )
  if (files.flat().length === 0)
    throw invalid(`"${path}" holds no file that ends with .csv, .ndjson, .jsonl, or one of these and .gz`)
  return files.flat()
}

async function statOf(path: string, invalid: (message: string, cause?: unknown) => QiError) {
  try {
    const found = await stat(path)
    return { size: found.size, isFile: found.isFile() }
  } catch (error) {
    throw invalid(`"${path}" cannot be read: ${errorMessage(error)}`, error)
  }
}

/** @throws QiError CONFIG_INVALID if neither the setting nor the name tells the format */
export function formatOf(name: string, { format }: ReplayConfig): 'ndjson' | 'csv' | 'interactions' {
  if (format !== 'auto') return format
  const ending = KNOWN.exec(name)?.[1]?.toLowerCase()
  if (ending === undefined) throw new QiError('CONFIG_INVALID', `${name}: the format cannot be told from its ending: set format`)
  return ending === 'csv' ? 'csv' : 'ndjson'
}
