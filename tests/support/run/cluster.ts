import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { appendFile, chown, mkdir, open, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { freePort } from '../../../bench/freePort.ts'
import { canRun, copyBinaries, packagedBinaries } from '../../../lib/src/base/database/embedded/server/binaries.ts'
import { run } from '../../../lib/src/base/database/embedded/server/run.ts'
import { serviceUser } from '../../../lib/src/base/database/embedded/server/serviceUser.ts'

export interface Cluster {
  /** As superuser, to the database `postgres`. */
  readonly url: string
  /** Its programs, and its data. */
  readonly bin: string
  readonly data: string
  stop(): Promise<void>
}

export interface ClusterExtra {
  /** Lines of postgresql.conf. */
  readonly settings?: Readonly<Record<string, string>>
  /** The lines of pg_hba.conf: who may come from where, and what must be shown. */
  readonly access?: readonly string[]
}

/** The server of the npm package, or of an installation's folder. Durability stays on, as it is in the field. */
export async function startCluster(folder: string, installation?: string, extra: ClusterExtra = {}): Promise<Cluster> {
  await mkdir(folder, { mode: 0o755 })
  const user = await serviceUser(undefined)
  const bin = join(installation ?? (await reachableBinaries(folder, user)), 'bin')
  const [data, passwordFile, log] = [join(folder, 'data'), join(folder, 'password'), join(folder, 'log')]
  const password = randomBytes(12).toString('hex')
  await writeFile(passwordFile, password, { mode: 0o600 })
  await mkdir(data, { mode: 0o700 })
  if (user) for (const path of [passwordFile, data]) await chown(path, user.uid, user.gid)

  const locale = installation ? ['--locale=C.UTF-8'] : ['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C']
  const flags = ['-U', 'postgres', '--auth=scram-sha-256', `--pwfile=${passwordFile}`, '--encoding=UTF8', '--no-sync', ...locale]
  const made = await run(join(bin, 'initdb'), ['-D', data, ...flags], { as: user })
  if (made.code !== 0) throw new Error(`initdb failed: ${made.output}`)

  const lines = Object.entries(extra.settings ?? {}).map(([name, value]) => `${name} = '${value}'\n`)
  await appendFile(join(data, 'postgresql.conf'), lines.join(''))
  if (extra.access) await writeFile(join(data, 'pg_hba.conf'), `${extra.access.join('\n')}\n`)

  const { port, stop } = await serve(bin, data, log)
  return { url: `postgresql://postgres:${password}@127.0.0.1:${port}/postgres`, bin, data, stop }
}

/** Starts a server on data that is there. @param at its port; default: a free one */
export async function serve(
  bin: string,
  data: string,
  log: string,
  at?: number,
): Promise<{ readonly port: number; readonly stop: () => Promise<void> }> {
  const user = await serviceUser(undefined)
  const port = at ?? (await freePort())
  const settings = { listen_addresses: '127.0.0.1', port, unix_socket_directories: '', max_connections: 200, fsync: 'on' }
  const output = await open(log, 'w')
  const child = spawn(
    join(bin, 'postgres'),
    ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    {
      cwd: data,
      detached: true, // a Ctrl-C is for the run, which stops the server when its tests are over
      stdio: ['ignore', output.fd, output.fd],
      ...(user && { uid: user.uid, gid: user.gid }),
    },
  )
  await output.close()
  const ended = once(child, 'exit')
  while (!/ready to accept (read-only )?connections/.test(await readFile(log, 'utf8'))) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`PostgreSQL did not start: ${await readFile(log, 'utf8')}`)
    await setTimeout(20)
  }
  return {
    port,
    stop: async () => {
      child.kill('SIGQUIT')
      await ended
    },
  }
}

/** As root the server runs as another user, who may not reach a checkout below a closed folder. */
async function reachableBinaries(folder: string, user: Awaited<ReturnType<typeof serviceUser>>): Promise<string> {
  const packaged = await packagedBinaries()
  return user && !(await canRun(user, packaged)) ? (await copyBinaries(packaged, folder)).folder : packaged.folder
}
