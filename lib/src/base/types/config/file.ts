import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { parseDocument } from 'yaml'
import { QiError } from '../errors.ts'

export const CONFIG_FILE = 'qicore.yaml'
export const HOME_FOLDER = '.qicore'

/** The project: the nearest folder upwards that holds `qicore.yaml` or `.qicore`, else the given one. */
export function findProject(from: string): string {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    if (existsSync(join(folder, CONFIG_FILE)) || existsSync(join(folder, HOME_FOLDER))) return folder
    if (dirname(folder) === folder) return resolve(from)
  }
}

/**
 * The project's configuration file, or nothing where there is none.
 * @throws QiError CONFIG_INVALID with line and column where it is no YAML
 */
export function readConfigFile(path: string): { name: string; values: unknown } | undefined {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new QiError('CONFIG_INVALID', `${path} cannot be read: ${(error as Error).message}`, { cause: error })
  }
  const document = parseDocument(text)
  const problem = document.errors[0]
  if (problem) throw new QiError('CONFIG_INVALID', `${CONFIG_FILE}: ${problem.message.trim()}`, { cause: problem })
  return { name: CONFIG_FILE, values: document.toJS() as unknown }
}
