import { createHash, randomUUID } from 'node:crypto'
import { mkdir, readFile, realpath, rename, stat, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { errorMessage, QiError } from '../../../types/index.ts'
import { type Binaries, canRun, copyBinaries, packagedBinaries } from '../server/binaries.ts'
import type { RunAs } from '../server/run.ts'
import { canEnter, serviceUser } from '../server/serviceUser.ts'
import type { EmbeddedOptions } from '../types.ts'
import { writeDurably } from './durable.ts'
import { makeHome } from './privateFiles.ts'

/** The state of a home's database, in `postgres.json`. */
export interface HomeState {
  readonly id: string
  readonly dataFolder?: string
  /** The port it listens on, unless another program holds it. */
  readonly port?: number
  /** The setting that this port was chosen for. */
  readonly wanted?: number
  readonly postgresql?: string
}

/** The folders of a home's database, and the user that runs the server. */
export interface Placement {
  readonly home: string
  readonly lockFile: string
  readonly dataFolder: string
  readonly binaries: Binaries
  readonly user: RunAs | undefined
}

/** The base of data folders for homes that the service user cannot enter. */
const SHARED_BASE = '/var/lib/qicore'

/** Creates the home if it is missing. @returns its real path, so that two names of one folder are one home @throws QiError CONFIG_INVALID */
export async function prepareHome(home: string): Promise<string> {
  try {
    await makeHome(resolve(home))
    return await realpath(home)
  } catch (error) {
    throw new QiError(
      'CONFIG_INVALID',
      `the data folder ${resolve(home)} cannot be used: ${errorMessage(error)}; set QICORE_HOME to another`,
      {
        cause: error,
      },
    )
  }
}

export const lockFileOf = (home: string): string => join(home, 'postgres.lock')

export async function readState(home: string): Promise<HomeState> {
  const text = await readFile(join(home, 'postgres.json'), 'utf8').catch(() => '{}')
  const state = JSON.parse(text) as Partial<HomeState>
  return { ...state, id: state.id ?? randomUUID() }
}

/** True if a database was created in this home. */
export const hasCluster = async (home: string): Promise<boolean> => (await readState(home)).dataFolder !== undefined

export const writeState = (home: string, state: HomeState): Promise<void> =>
  writeDurably(join(home, 'postgres.json'), `${JSON.stringify(state, null, 2)}\n`)

/** Decides where data and binaries are, once for each home. Call it under the home's lock. @throws QiError UNSUPPORTED */
export async function place(home: string, options: EmbeddedOptions): Promise<Placement> {
  const state = await readState(home)
  const packaged = await packagedBinaries()
  const inHome = join(home, 'postgres')
  const known = state.dataFolder && (await exists(state.dataFolder)) ? state.dataFolder : undefined
  const user = await serviceUser(known)
  const placed = { home, lockFile: lockFileOf(home), user }
  if (!user) return { ...placed, dataFolder: known ?? inHome, binaries: packaged }
  const runs = await canRun(user, packaged)
  if (known) return { ...placed, dataFolder: known, binaries: runs ? packaged : await shareBinaries(packaged, options) }
  if (runs && (await canEnter(user, home))) return { ...placed, dataFolder: inHome, binaries: packaged }
  const dataFolder = await sharedFolder(home, state, options)
  options.onNotice?.(
    `PostgreSQL runs as the user ${user.name}, who cannot reach ${runs ? home : packaged.folder}: the database is in ${dataFolder}`,
  )
  return { ...placed, dataFolder, binaries: await shareBinaries(packaged, options) }
}

async function shareBinaries(packaged: Binaries, options: EmbeddedOptions): Promise<Binaries> {
  await mkdir(SHARED_BASE, { recursive: true, mode: 0o755 })
  const copied = await copyBinaries(packaged, SHARED_BASE)
  options.logger?.debug({ folder: copied.folder }, 'running PostgreSQL from a copy that the service user can reach')
  return copied
}

/** A folder for this home outside it. A folder of a deleted home with the same path is moved aside, not opened and not removed. */
async function sharedFolder(home: string, state: HomeState, options: EmbeddedOptions): Promise<string> {
  const folder = join(SHARED_BASE, createHash('sha256').update(home).digest('hex').slice(0, 16))
  const owner = await readFile(join(folder, 'home-id'), 'utf8').catch(() => undefined)
  if ((await exists(folder)) && owner !== state.id) {
    const aside = `${folder}.old-${Date.now()}`
    await rename(folder, aside)
    options.onNotice?.(`the database of an earlier ${home} was moved to ${aside}; delete it if it is not needed`)
  }
  await mkdir(folder, { recursive: true, mode: 0o755 })
  await writeFile(join(folder, 'home-id'), state.id)
  await writeState(home, state)
  return join(folder, 'postgres')
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  )
