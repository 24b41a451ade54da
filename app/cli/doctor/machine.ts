import { existsSync } from 'node:fs'
import { access, constants, mkdtemp, readFile, rmdir, statfs, unlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { errorMessage } from '../../../lib/src/base/types/index.ts'
import type { PlatformConfig } from '../../../lib/src/streaming/platform/index.ts'
import { expectFreePort } from '../up/port.ts'
import { type Finding, failed, ok } from './finding.ts'

const OLDEST_NODE = [24, 6] as const

export function checkNode(version = process.versions.node): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const recent = major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])
  return recent
    ? ok('node', `Node ${version}, ${process.platform} ${process.arch}`)
    : failed('node', `Node ${version} is too old`, `install Node ${OLDEST_NODE.join('.')} or newer`)
}

const GIB = 1024 ** 3
/** With less space a database fails while it writes its log, sorts or compresses. */
const LEAST_FREE = GIB

/** Writes and reads a file in the data folder, or in the folder where it would be created, and checks the free space. */
export async function checkFolder(home: string): Promise<Finding[]> {
  const folder = nearest(home)
  const remedy = 'give this user the right to write there, or set QICORE_HOME to another folder'
  try {
    await access(folder, constants.W_OK)
    const trial = await mkdtemp(join(folder, '.doctor-'))
    try {
      await writeFile(join(trial, 'trial'), 'written')
      if ((await readFile(join(trial, 'trial'), 'utf8')) !== 'written')
        return [failed('data folder', `${home}: a file that was written there reads differently`, remedy)]
    } finally {
      await unlink(join(trial, 'trial')).catch(() => {})
      await rmdir(trial)
    }
  } catch (error) {
    return [failed('data folder', `${home} cannot be written to: ${errorMessage(error)}`, remedy)]
  }
  const { bavail, bsize } = await statfs(folder)
  const free = bavail * bsize
  const room = `${(free / GIB).toFixed(1)} GiB free`
  if (free < LEAST_FREE)
    return [
      failed(
        'data folder',
        `${home} is writable, but has only ${room}`,
        'free disk space, or set QICORE_HOME to a folder on a larger disk',
      ),
    ]
  return [ok('data folder', `${home}${folder === home ? '' : ' (not created yet)'} is writable, ${room}`, { free_bytes: free })]
}

/** The folder itself, or the nearest above it that exists. */
const nearest = (folder: string): string => (existsSync(folder) || dirname(folder) === folder ? folder : nearest(dirname(folder)))

/** Checks that the platform's port is free, while no platform runs. */
export async function checkPort({ server }: PlatformConfig): Promise<Finding[]> {
  try {
    await expectFreePort(server.host, server.port)
    return [
      ok(
        'platform',
        `does not run; ${server.port === 0 ? 'it will pick a free port' : `port ${server.port} on ${server.host} is free for it`}`,
      ),
    ]
  } catch (error) {
    return [
      failed(
        'platform',
        errorMessage(error).split(': ')[0] as string,
        'stop the other program, or choose another port with QICORE_PORT (0 picks a free one)',
      ),
    ]
  }
}
