import { execFile } from 'node:child_process'
import { chmod, cp, mkdtemp, readdir, rm, rmdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it, onTestFinished } from 'vitest'
import { embeddedFailure } from '../../lib/src/base/database/embedded/failures.ts'
import { packagedBinaries } from '../../lib/src/base/database/embedded/server/binaries.ts'
import { ensureCluster } from '../../lib/src/base/database/embedded/server/cluster.ts'
import { serviceUser } from '../../lib/src/base/database/embedded/server/serviceUser.ts'
import { openEmbeddedPostgres } from '../../lib/src/base/database/index.ts'
import { QiError } from '../../lib/src/base/types/index.ts'
import { temporary } from '../support/temporary.ts'

const isRoot = process.geteuid?.() === 0
const run = promisify(execFile)

/** The error of creating a database after `spoil` has damaged the installation. */
async function created(spoil: (installation: string) => Promise<unknown>): Promise<string> {
  const folder = await temporary('spoiled')
  await chmod(folder, 0o777)
  const packaged = await packagedBinaries()
  const installation = join(folder, 'native')
  for (const part of ['bin', 'lib', 'share'])
    await cp(join(packaged.folder, part), join(installation, part), { recursive: true, verbatimSymlinks: true })
  await run('chmod', ['-R', 'a+rX', installation])
  await spoil(installation)
  const user = await serviceUser(undefined)
  const placement = {
    home: folder,
    lockFile: '',
    dataFolder: join(folder, 'postgres'),
    binaries: { ...packaged, folder: installation },
    user,
  }
  const failure = await ensureCluster(placement, 'secret', { home: folder }).catch((error: unknown) => error as QiError)
  if (!(failure instanceof QiError)) throw new Error('the database was created')
  expect((await readdir(folder)).filter((name) => name.includes('.new-'))).toEqual([])
  expect(failure.message.startsWith(`the database cannot be created in ${folder}: `)).toBe(true)
  expect(failure.retryable).toBe(false)
  return failure.message.slice(`the database cannot be created in ${folder}: `.length)
}

/** A small disk of its own. */
async function disk(size: string, ...options: string[]): Promise<string> {
  const folder = await temporary('disk')
  await run('mount', ['-t', 'tmpfs', '-o', [`size=${size}`, 'mode=755', ...options].join(','), 'tmpfs', folder])
  onTestFinished(async () => void (await run('umount', ['-l', folder])))
  return folder
}

const canMount = isRoot && process.platform === 'linux' && (await mountable())

async function mountable(): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'qicore-mountable-'))
  const mounted = await run('mount', ['-t', 'tmpfs', 'tmpfs', folder]).catch(() => undefined)
  if (mounted) await run('umount', ['-l', folder])
  await rmdir(folder)
  return mounted !== undefined
}

describe.runIf(process.platform === 'linux')('the error of a database that cannot be created is one sentence, for', () => {
  it('a missing library, by its name', async () => {
    const said = await created(async (at) => {
      for (const name of await readdir(join(at, 'lib'))) if (name.startsWith('libicuuc')) await rm(join(at, 'lib', name))
    })
    expect(said).toMatch(
      /^its library libicuuc\.so\.\d+ is missing or cannot be loaded; reinstall the package \(npm rebuild, or npm ci\), .*DATABASE_URL/,
    )
    expect(said).not.toContain('\n')
  })

  it('missing files', async () => {
    expect(await created((at) => rm(join(at, 'share/postgresql/postgres.bki')))).toMatch(
      /^its installation lacks files; .*npm ci/,
    )
    expect(await created((at) => rm(join(at, 'bin/postgres')))).toMatch(/^its installation lacks files; .*npm ci/)
  })

  it('the package of another platform', async () => {
    for (const machine of ['b700', '3e00']) {
      const foreign = Buffer.from(`7f454c460201010000000000000000000200${machine}01000000`, 'hex')
      const said = await created((at) => writeFile(join(at, 'bin/initdb'), foreign))
      expect(said).toMatch(
        /^its program is not made for this system .*; delete node_modules and install on this machine \(npm ci\)/,
      )
    }
    expect(await created((at) => rm(join(at, 'bin/initdb')))).toMatch(
      /^its program is not made for this system .*or is incomplete/,
    )
  })

  it('a program that may not be executed', async () => {
    expect(await created((at) => chmod(join(at, 'bin/initdb'), 0o644))).toMatch(/^its program may not be run by this user/)
  })

  it.runIf(canMount)('a full disk', async () => {
    const home = await disk('8m')
    await expect(openEmbeddedPostgres({ home })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: `the database cannot be created in ${home}: the disk is full; free space there (the database wants 1 GiB), or set QICORE_HOME to a folder on another disk`,
    })
  })

  it.runIf(canMount)('a read-only file system', async () => {
    const home = await disk('8m', 'ro')
    await expect(openEmbeddedPostgres({ home })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/: its file system is read-only; mount it writable/),
    })
  })

  it('a folder that this user may not write to', async () => {
    const home = await temporary('closed')
    await chmod(home, 0o555)
    const program = `
      if (${isRoot}) { process.setgid(65534); process.setuid(65534) }
      const { openEmbeddedPostgres } = await import('${new URL('../../lib/src/base/database/index.ts', import.meta.url).href}')
      await openEmbeddedPostgres({ home: process.argv[1] }).catch((error) => console.log(error.code + ' ' + error.message))`
    const { stdout } = await run(process.execPath, ['--input-type=module-typescript', '-e', program, home])
    expect(stdout.trim()).toBe(
      `CONFIG_INVALID the database cannot be set up in ${home}: this user may not write there; give this user the right to write to it, or set QICORE_HOME to another folder`,
    )
  })

  it('a home that is a file', async () => {
    const home = join(await temporary('file'), 'home')
    await writeFile(home, '')
    await expect(openEmbeddedPostgres({ home })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('QICORE_HOME'),
    })
  })
})

it('the error of an unknown failure quotes its last line', async () => {
  const said = `The files belonging to this database system will be owned by user "postgres".
creating directory /x ... ok
2026-11-29 00:52:16.759 UTC [23035] FATAL:  the stars are wrong
child process exited with exit code 1
initdb: removing data directory "/x"`
  expect(embeddedFailure('the database cannot be created', '/home', said).message).toBe(
    'the database cannot be created in /home: FATAL:  the stars are wrong; see that, or set DATABASE_URL to a PostgreSQL of your own',
  )
})

it.each([
  ['initdb: error: cannot be run as root', 'PostgreSQL refuses to run as root'],
  [
    'initdb: error: invalid locale name "xx_YY"\ninitdb: hint: If the locale name is specific to ICU, use --icu-locale.',
    'locale that it asks for (xx_YY)',
  ],
  [
    'FATAL:  could not create shared memory segment: Cannot allocate memory',
    'gives it no shared memory (Cannot allocate memory)',
  ],
  ['FATAL:  could not resize shared memory segment "/PostgreSQL.1" to 16 bytes: No space left on device', '--shm-size'],
  ['FATAL:  could not write to file "pg_wal/xlogtemp.23035": No space left on device', 'the disk is full'],
  ['PANIC:  could not write to file "pg_logical/x": Disk quota exceeded', 'the disk is full'],
  ['FATAL:  insufficient file descriptors available to start server process', 'ulimit -n'],
  [
    'initdb: error: could not change permissions of directory "/mnt/c/x": Operation not permitted',
    'not a Windows or network mount',
  ],
  ['FATAL:  data directory "/x" has invalid permissions', 'does not keep permissions'],
])('knows %s', (said, told) => {
  expect(embeddedFailure('it', '/x', said).message).toContain(told)
})
