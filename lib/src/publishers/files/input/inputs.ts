import { glob, stat } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { errorMessage, QiError } from '../../../base/types/index.ts'

/** A file of an import. */
export interface InputFile {
  /** Absolute. */
  readonly path: string
  /** Without folders. */
  readonly name: string
  readonly bytes: number
  /** Time of the last change, in milliseconds since 1970. */
  readonly changedAt: number
}

const KNOWN = /\.(?:(?:csv|ndjson|jsonl)(?:\.gz)?|parquet|zip)$/i
/** Most files of one import: more would fill the memory with names. */
const MOST_FILES = 200_000

/**
 * The files that paths mean, in the order of their names, each once: a file, a folder with all files of known endings below it, or a
 * pattern such as `data/*.zip`.
 * @throws QiError NOT_FOUND, FORBIDDEN or BAD_REQUEST naming the path
 */
export async function findInputs(paths: readonly string[]): Promise<readonly InputFile[]> {
  const found = new Map<string, InputFile>()
  for (const path of paths) {
    let files = 0
    for await (const file of inputsOf(path)) {
      files++
      found.set(file.path, file)
      if (found.size > MOST_FILES)
        throw wrong('BAD_REQUEST', `path "${path}" means more than ${MOST_FILES} files: import its folders one by one`)
    }
    if (files === 0)
      throw wrong(
        'NOT_FOUND',
        `path "${path}" means no file that ends with .csv, .ndjson, .jsonl (also packed: .gz), .parquet or .zip`,
      )
  }
  return [...found.values()].sort((a, b) => (a.path < b.path ? -1 : 1))
}

async function* inputsOf(path: string): AsyncGenerator<InputFile> {
  const kind = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' && /[*?[{]/.test(path)) return undefined
    throw wrong(
      error.code === 'ENOENT' ? 'NOT_FOUND' : 'FORBIDDEN',
      `path "${path}" cannot be read: ${errorMessage(error)}; name a file, a folder or a pattern`,
    )
  })
  if (kind && !kind.isDirectory()) {
    yield await inputOf(path)
    return
  }
  const pattern = kind ? '**/*' : path
  const options = kind ? { cwd: path } : {}
  for await (const name of glob(pattern, options)) {
    if (!KNOWN.test(name)) continue
    const at = kind ? join(path, name) : name
    if ((await stat(at)).isFile()) yield await inputOf(at)
  }
}

async function inputOf(path: string): Promise<InputFile> {
  const found = await stat(path)
  if (!found.isFile()) throw wrong('BAD_REQUEST', `path "${path}" is neither a file nor a folder: write its content into a file`)
  return { path: resolve(path), name: basename(path), bytes: found.size, changedAt: Math.floor(found.mtimeMs) }
}

const wrong = (code: 'BAD_REQUEST' | 'NOT_FOUND' | 'FORBIDDEN', message: string): QiError =>
  new QiError(code, message, { field: 'path' })
