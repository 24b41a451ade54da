import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { QiError, systemCode } from './errors.ts'

export interface OptionalPackage {
  /** As npm knows it. */
  readonly name: string
  /** The major version that the code is written for; without one any will do. */
  readonly major?: number
  /** The setting that asks for it: `destinations.lake.type "s3"`. */
  readonly neededBy: string
  /** Path of that setting, for programs. */
  readonly field: string
  /** A folder whose node_modules may have it too. Default: the working folder. */
  readonly project?: string
}

/**
 * Loads a package that not everybody installs, from beside the platform or from the project.
 * @throws QiError CONFIG_INVALID, which says how to install one that is missing
 */
export async function optionalPackage<T>(wanted: OptionalPackage): Promise<T> {
  const { name, neededBy, field, project = process.cwd() } = wanted
  const broken = (error: unknown): QiError =>
    new QiError('CONFIG_INVALID', `${neededBy}: the package ${name} cannot be loaded: ${(error as Error).message}`, {
      field,
      cause: error,
    })
  try {
    return await import(name)
  } catch (error) {
    if (!isMissing(error)) throw broken(error)
  }
  let path: string
  try {
    path = createRequire(join(project, 'package.json')).resolve(name)
  } catch {
    throw notInstalled(wanted)
  }
  return import(pathToFileURL(path).href).catch((error: unknown) => {
    throw broken(error)
  })
}

/**
 * The folder of such a package, for the caller who loads a part of it. The package is not loaded.
 * @throws QiError CONFIG_INVALID, which says how to install one that is missing
 */
export function optionalPackageFolder(wanted: OptionalPackage): string {
  const { name, project = process.cwd() } = wanted
  for (const from of [import.meta.url, join(project, 'package.json')]) {
    let folder: string
    try {
      folder = dirname(createRequire(from).resolve(name))
    } catch {
      continue
    }
    // The entry of a package may lie some folders below it.
    while (!folder.endsWith(join('node_modules', name)) && dirname(folder) !== folder) folder = dirname(folder)
    if (existsSync(join(folder, 'package.json'))) return folder
  }
  throw notInstalled(wanted)
}

const notInstalled = ({ name, major, neededBy, field }: OptionalPackage): QiError =>
  new QiError(
    'CONFIG_INVALID',
    `${neededBy} needs the package ${name}, which is not installed: npm install ${name}${major === undefined ? '' : `@${major}`}`,
    { field },
  )

const isMissing = (error: unknown): boolean =>
  ['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND'].includes(String((error as { code?: unknown }).code)) ||
  systemCode(error) === 'ENOENT'
