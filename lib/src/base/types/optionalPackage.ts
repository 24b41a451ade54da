import { createRequire } from 'node:module'
import { join } from 'node:path'
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
  const { name, major, neededBy, field, project = process.cwd() } = wanted
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
    const version = major === undefined ? '' : `@${major}`
    throw new QiError(
      'CONFIG_INVALID',
      `${neededBy} needs the package ${name}, which is not installed: npm install ${name}${version}`,
      { field },
    )
  }
  return import(pathToFileURL(path).href).catch((error: unknown) => {
    throw broken(error)
  })
}

const isMissing = (error: unknown): boolean =>
  ['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND'].includes(String((error as { code?: unknown }).code)) ||
  systemCode(error) === 'ENOENT'
